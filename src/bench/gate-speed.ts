import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '../base/errors.js';
import { cellId } from '../results/cell-id.js';
import type { Cell, ResultsFile } from '../results/types.js';
import { type Series, sample } from './series.js';

/** One cell of as many is worse than its reference. */
const ONE_WORSE_IN = 100;
const REGRESSED = 3;

/** The whole of `interdom check` on so many cells, from the start of the process to its end, in milliseconds. */
export function gateSpeed(main: string, cells: number): Series {
  const cwd = mkdtempSync(join(tmpdir(), 'interdom-bench-'));
  const interdom = (code: number, ...words: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [main, ...words], {
      cwd,
      encoding: 'utf8',
    });
    invariant(status === code, `interdom ${words[0]} ended otherwise`, { status, stderr });
  };
  try {
    const one = ['ping-pong', '--transport=libvchan', '--message-size=64', '--messages=200'];
    interdom(0, 'run', ...one, '--no-harness', '--quiet', '--output=one.json');
    const file = JSON.parse(readFileSync(join(cwd, 'one.json'), 'utf8')) as ResultsFile;
    writeFileSync(
      join(cwd, 'before.json'),
      manyCells(file, cells, () => 1),
    );
    interdom(0, 'baseline', 'save', 'before.json', '--quiet');
    const factor = (seed: number): number => (seed % ONE_WORSE_IN === 0 ? 1.01 : 1);
    writeFileSync(join(cwd, 'after.json'), manyCells(file, cells, factor));
    const name = `interdom check of ${cells} cells`;
    const check = (): void => interdom(REGRESSED, 'check', 'after.json', '--strict');
    return sample(name, { samples: 5, warmup: 1 }, check, (ms) => ms);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The one cell of a file, so many times with another seed. @param latencyFactor by seed */
function manyCells(
  file: ResultsFile,
  count: number,
  latencyFactor: (seed: number) => number,
): string {
  const [cell] = file.cells as readonly [Cell];
  const latency = cell.metrics['latencyNsP50'];
  invariant(latency !== undefined, 'the cell has no latency', { id: cell.id });
  const cells = Array.from({ length: count }, (_, i): Cell => {
    const seed = i + 1;
    const parameters = { ...cell.parameters, seed };
    const value = latency.value * latencyFactor(seed);
    const metrics = { ...cell.metrics, latencyNsP50: { ...latency, value } };
    return { ...cell, id: cellId({ ...cell, parameters }), parameters, metrics };
  });
  return JSON.stringify({ ...file, cells });
}
