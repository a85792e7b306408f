import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { countText } from '../../base/units.js';
import {
  type Baseline,
  baselineFileName,
  baselinesOf,
  baselineText,
} from '../../judge/gate/baseline-file.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { type JudgedRun, readJudgedRun } from '../check/run-side.js';
import type { Invocation } from '../command.js';
import { BASELINE_FOLDER } from '../commands/check.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { exitCodeOf } from '../run/soundness.js';
import type { Terminal } from '../terminal.js';

/** Carries out `interdom baseline save`: a run becomes the reference. */
export async function saveBaseline(
  { options, terminal }: Invocation,
  name: string,
): Promise<ExitCode> {
  const run = await readJudgedRun(name, options.flag('harness'));
  const unsound = soundness(run, name, terminal);
  if (unsound !== EXIT.ok) return unsound;
  const output = options.text('output') ?? BASELINE_FOLDER;
  const baselines = baselinesOf(run.side, run.results.run.suite);
  const isFile = output.endsWith('.json') && !isFolder(output);
  if (isFile && baselines.length > 1) {
    throw new UserError(
      `the run has ${baselines.length} testbeds and profiles, and one file holds one`,
      {
        where: '--output',
        remedy: 'name a folder',
      },
    );
  }
  const files = new Map<string, Baseline>();
  for (const baseline of baselines) {
    const path = isFile ? output : join(output, baselineFileName(baseline));
    const same = files.get(path);
    if (same !== undefined) {
      throw new UserError(
        `the profiles ${same.profile} and ${baseline.profile} would stand in one file: ${path}`,
        {
          where: name,
          remedy: 'name one of them otherwise, or save a run of each into its own file',
        },
      );
    }
    files.set(path, baseline);
  }
  for (const [path, baseline] of files) writeBaseline(path, baseline, terminal);
  return EXIT.ok;
}

/** Writes one baseline, and says where. */
export function writeBaseline(path: string, baseline: Baseline, terminal: Terminal): void {
  writeFileAtomically(path, baselineText(baseline));
  const { cells, testbed, profile } = baseline;
  terminal.note(`baseline: ${path}: ${countText(cells.length, 'cell')} of ${testbed}/${profile}`);
}

/** A reference in which something is missing would hide it for ever. */
export function soundness(run: JudgedRun, name: string, terminal: Terminal): ExitCode {
  if (!run.results.run.complete) {
    throw new UserError(`the run ${name} was interrupted: cells are missing in it`, {
      where: name,
      remedy: 'finish it (interdom run --resume), or measure again',
    });
  }
  return exitCodeOf(run.results, terminal);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
