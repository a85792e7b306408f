import { statSync } from 'node:fs';
import { join } from 'node:path';
import { invariant, UserError } from '../../base/errors.js';
import { AppliedPolicy } from '../../judge/gate/applied-policy.js';
import {
  type Baseline,
  baselineFileName,
  baselinesOf,
  hasSamples,
  sideOfBaselines,
} from '../../judge/gate/baseline-file.js';
import { judgeRun } from '../../judge/gate/judge-run.js';
import { NO_POLICY } from '../../judge/gate/policy.js';
import { type GateCell, HARNESS, type Side } from '../../judge/gate/side.js';
import { renderGateSummary } from '../../report/gate/gate-terminal.js';
import { OtherSchema } from '../../results/other-schema.js';
import { readBaselines } from '../check/reference.js';
import { readJudgedRun } from '../check/run-side.js';
import type { Invocation } from '../command.js';
import { BASELINE_FOLDER } from '../commands/check.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { soundness, writeBaseline } from './save-baseline.js';

/**
 * Carries out `interdom baseline update`: cells of the run replace those of the reference, all
 * others stay. Says what moved and why, for the commit message.
 */
export async function updateBaseline(invocation: Invocation, name: string): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const withHarness = options.flag('harness');
  const run = await readJudgedRun(name, withHarness);
  const unsound = soundness(run, name, terminal);
  if (unsound !== EXIT.ok) return unsound;
  const place = options.text('baseline') ?? BASELINE_FOLDER;
  const old = existing(place);
  for (const baseline of baselinesOf(run.side, run.results.run.suite)) {
    const known = old.find(
      (one) =>
        one.baseline.testbed === baseline.testbed && one.baseline.profile === baseline.profile,
    );
    if (known === undefined) {
      const path = place.endsWith('.json') ? place : join(place, baselineFileName(baseline));
      const other = old.find((one) => one.path === path)?.baseline;
      if (other !== undefined) {
        throw new UserError(
          `${path} is the baseline of ${other.testbed}, ${other.profile}, and the run has ${baseline.testbed}, ${baseline.profile}`,
          { where: '--baseline', remedy: 'name a folder, or another file' },
        );
      }
      writeBaseline(path, baseline, terminal);
      continue;
    }
    await tell(invocation, known.path, known.baseline, baseline);
    writeBaseline(known.path, merged(known.baseline, baseline, options.flag('prune')), terminal);
  }
  return EXIT.ok;
}

function existing(place: string): ReturnType<typeof readBaselines> {
  if (statSync(place, { throwIfNoEntry: false }) === undefined) return [];
  try {
    return readBaselines(place);
  } catch (error) {
    // Written by another version: it is replaced.
    if (error instanceof OtherSchema) return [];
    throw error;
  }
}

/** Old cells keep their places, so that the difference shows what moved; new ones come last. */
function merged(old: Baseline, young: Baseline, prune: boolean): Baseline {
  const before = sideOfBaselines('', [old], true);
  const after = sideOfBaselines('', [young], true);
  const cells = new Map<string, GateCell>();
  for (const cell of before.cells.values()) {
    const newer = after.cells.get(cell.id);
    if (newer !== undefined) cells.set(cell.id, newer);
    else if (!prune || cell.id === HARNESS) cells.set(cell.id, cell);
  }
  for (const cell of after.cells.values()) cells.set(cell.id, cell);
  refuseTwoHosts(before, after, cells);
  const hostClass = after.hostClass ?? before.hostClass;
  const [baseline] = baselinesOf({ ...after, cells, hostClass }, old.suite);
  invariant(baseline !== undefined, 'a baseline has no cells');
  return baseline;
}

/** Samples of two kinds of host do not stand in one baseline. Throws UserError. */
function refuseTwoHosts(before: Side, after: Side, cells: ReadonlyMap<string, GateCell>): void {
  if (before.hostClass === undefined || after.hostClass === undefined) return;
  if (before.hostClass === after.hostClass) return;
  const kept = [...cells.values()].find((cell) => !after.cells.has(cell.id) && hasSamples(cell));
  if (kept === undefined) return;
  throw new UserError(
    `the baseline was sampled on ${before.hostClass}, the run on ${after.hostClass}`,
    {
      where: `${kept.id}, which the run does not have`,
      remedy: 'measure all of it on this host: interdom baseline save, or update with --prune',
    },
  );
}

async function tell(
  { options, terminal }: Invocation,
  path: string,
  old: Baseline,
  young: Baseline,
): Promise<void> {
  const judgement = await judgeRun(
    sideOfBaselines(path, [old], options.flag('harness')),
    sideOfBaselines('the run', [young], options.flag('harness')),
    {
      policy: new AppliedPolicy(NO_POLICY, '9999-12-31'),
      strict: false,
      partial: !options.flag('prune'),
      noiseFloors: new Map(),
      everyEntryMatches: false,
    },
  );
  const { width, colour } = terminal;
  await terminal.print(renderGateSummary(judgement, { width, colour, cells: 5 }));
}
