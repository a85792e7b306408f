import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UserError } from '../../base/errors.js';
import { plain } from '../../judge/gate/figure-text.js';
import { type Noise, noiseOf } from '../../judge/gate/noise-floor.js';
import { HARNESS, harnessCell, type Side, sideOfResults } from '../../judge/gate/side.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { describeHost, hostClass } from '../../results/provenance.js';
import type { MetricValue, ResultsFile } from '../../results/types.js';
import { checkOneProgram } from '../../runner/resume.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { figureTable } from '../figure-table.js';
import { readRuns } from '../find-runs.js';
import { hostFacts } from '../run/host-facts.js';
import { noiseText } from './noise-file.js';

const DEFAULT_RUNS = 6;
const MOST_RUNS = 1000;
const MOST_UNSTABLE_SHOWN = 5;

/** Carries out `interdom noise`. */
export async function measureNoise(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, terminal } = invocation;
  const sides = positionals.length === 0 ? await sampled(invocation) : await given(positionals);
  const [first] = sides as [Side];
  const other = sides.find((side) => side.hostClass !== first.hostClass);
  if (other !== undefined) {
    terminal.complain(
      `interdom: not comparable: ${first.name} is from ${first.hostClass}, ${other.name} from ${other.hostClass}`,
    );
    return EXIT.notComparable;
  }
  const noise = noiseOf(sides);
  await terminal.print(table(noise));
  const output = options.text('output');
  if (output !== undefined) {
    const { figures } = noise;
    const file = noiseText({ noiseVersion: 1, hostClass: first.hostClass ?? '', figures });
    writeFileAtomically(output, [file]);
    terminal.note(`noise: ${output}: ${figures.length} figures of ${sides.length} runs`);
  }
  return exitCodeOf(noise, invocation);
}

function exitCodeOf({ figures, unstable }: Noise, { terminal }: Invocation): ExitCode {
  for (const name of unstable.slice(0, MOST_UNSTABLE_SHOWN)) {
    terminal.complain(`interdom: cannot vary, and did: ${name}`);
  }
  if (unstable.length > 0) {
    terminal.complain(`interdom: ${unstable.length} exact figures differ between equal runs`);
    return EXIT.internalError;
  }
  if (figures.length > 0) return EXIT.ok;
  terminal.note('interdom: nothing here is sampled: all figures are exact, and equal');
  return EXIT.ok;
}

/** The harness's own speed, each time in a process of its own, one after the other. */
async function sampled({ options, terminal }: Invocation): Promise<readonly Side[]> {
  const runs = options.integer('runs', 2, MOST_RUNS) ?? DEFAULT_RUNS;
  const here = hostClass(describeHost(hostFacts()));
  const script = fileURLToPath(new URL('./harness-process.js', import.meta.url));
  const sides: Side[] = [];
  for (let i = 1; i <= runs; i++) {
    if (terminal.canAnimate && !terminal.quiet) terminal.animate(`\r${i}/${runs} processes`);
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    const metrics = JSON.parse(stdout) as Record<string, MetricValue>;
    sides.push({
      name: `process ${i}`,
      cells: new Map([[HARNESS, harnessCell(metrics)]]),
      profiles: {},
      hostClass: here,
      complete: true,
    });
  }
  if (terminal.canAnimate && !terminal.quiet) terminal.animate('\r\u001b[K');
  return sides;
}

/** Runs that are said to be of one program. Throws UserError where they are not. */
async function given(names: readonly string[]): Promise<readonly Side[]> {
  if (names.length < 2) {
    throw new UserError('one run alone has no noise', {
      where: 'interdom noise',
      remedy: 'name two runs or more of one program, or none to measure the harness',
    });
  }
  const runs = await readRuns(names);
  const [first] = runs as [ResultsFile];
  runs.forEach((results, i) => {
    checkOneProgram(
      { name: names[0] as string, run: first.run },
      { name: names[i] as string, run: results.run },
    );
  });
  return runs.map((results, i) => sideOfResults(names[i] as string, results, true));
}

function table({ figures }: Noise): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ cell, metric, runs, floor, medians }) => ({
    cell,
    texts: [
      metric,
      String(runs),
      `${(floor * 100).toFixed(2)} %`,
      `${plain(Math.min(...medians), 4)} to ${plain(Math.max(...medians), 4)}`,
    ],
  }));
  return figureTable(['figure', 'runs', 'noise floor', 'medians'], rows);
}
