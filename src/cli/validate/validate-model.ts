import { type Validation, validate } from '../../judge/validation/validation.js';
import type { Cell } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { FRESH_SETS, PUBLISHED_SETS, VALIDATED_TESTBEDS } from '../commands/validate.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Interruption } from '../run/interruption.js';
import { xenArguments } from '../xen/xen-options.js';
import { type Fresh, measureFresh } from './fresh-side.js';
import {
  breakingCells,
  hasSizes,
  isPart,
  type MeetingPoint,
  newPoints,
  quickPoints,
  readPart,
  recordedPoints,
} from './meeting-points.js';
import { breakingCell, emulatedProfile, isQuick, modelCell, publishedPoint } from './model-side.js';
import { presentValidation } from './present-validation.js';
import { readPublishedTransfers, readRecorded } from './reference-files.js';
import { StepLine } from './step-line.js';

/** Carries out `interdom validate`. */
export async function validateModel(invocation: Invocation): Promise<ExitCode> {
  const interruption = new Interruption(() =>
    invocation.terminal.complain('interdom: interrupted: nothing is kept of a validation'),
  );
  try {
    return await carryOut(invocation, interruption.signal);
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}

async function carryOut(invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const { options, terminal } = invocation;
  if (options.word('testbed', VALIDATED_TESTBEDS) === 'live') {
    const { validateLive } = await import('./validate-live.js');
    return validateLive(invocation, signal);
  }
  const part = readPart(invocation);
  const arguments_ = options.text('xen-args');
  // Counts that were recorded under other arguments of Xen say nothing of these.
  const recorded =
    arguments_ === undefined
      ? await readRecorded(options.list('reference')?.texts)
      : { cells: [], breaking: [], runs: [] };
  const known = arguments_ === undefined ? recorded : await readRecorded(undefined);
  const points = hasSizes(part) ? newPoints(part) : recordedPoints(known, part);
  const wantsNew = hasSizes(part) || arguments_ !== undefined;
  const usual = hasSizes(part) ? 'all' : arguments_ === undefined ? 'none' : 'quick';
  const set = options.word('fresh', FRESH_SETS) ?? usual;
  const chosen = set === 'quick' && !hasSizes(part) ? quickPoints(points) : points;
  const fresh = set === 'none' ? NO_FRESH : await measured(invocation, chosen, set, signal);
  const profile = emulatedProfile(xenArguments(arguments_).join(' '));
  const steps = new StepLine(invocation);
  const model: Cell[] = [];
  for (const [index, point] of (arguments_ === undefined ? points : chosen).entries()) {
    model.push(modelCell(point, profile));
    await steps.done(index + 1, points.length, 'cells of the model', signal);
  }
  const published = await publishedSide(invocation, isPart(part) || wantsNew, steps, signal);
  const real = breakingCells(recorded, part);
  const breaking: Cell[] = [];
  for (const cell of real) {
    breaking.push(breakingCell(cell));
    await steps.done(breaking.length, real.length, 'cells in which something breaks', signal);
  }
  steps.clear();
  const validation = validate({
    model,
    recorded: recorded.cells,
    fresh: fresh.cells,
    published,
    breaking: { model: breaking, real },
  });
  await presentValidation(invocation, validation, {
    model,
    recorded: recorded.cells,
    fresh: fresh.cells,
    breaking: [...breaking, ...real],
    runs: recorded.runs,
    profile,
  });
  return exitCode(validation, terminal.complain.bind(terminal));
}

const NO_FRESH = { cells: [] as readonly Cell[] };

async function measured(
  invocation: Invocation,
  points: readonly MeetingPoint[],
  set: 'quick' | 'all',
  signal: AbortSignal,
): Promise<{ readonly cells: readonly Cell[] }> {
  const fresh: Fresh = await measureFresh(invocation, points, set === 'quick', signal);
  if ('cells' in fresh) return fresh;
  invocation.terminal.complain(
    `interdom: NOT measured on real Xen, recorded counts only: ${fresh.skipped}`,
  );
  if (fresh.remedy !== '') invocation.terminal.complain(`  ${fresh.remedy}`);
  return NO_FRESH;
}

async function publishedSide(
  { options }: Invocation,
  isPartial: boolean,
  steps: StepLine,
  signal: AbortSignal,
) {
  const set = options.word('published', PUBLISHED_SETS) ?? (isPartial ? 'none' : 'quick');
  if (set === 'none') return [];
  const all = readPublishedTransfers();
  const transfers = set === 'all' ? all : all.filter(isQuick);
  const points = [];
  for (const [index, transfer] of transfers.entries()) {
    points.push(publishedPoint(transfer));
    await steps.done(index + 1, transfers.length, 'published points', signal);
  }
  return points;
}

function exitCode({ summary }: Validation, complain: (line: string) => void): ExitCode {
  if (summary.empty) {
    complain('interdom: nothing could be compared');
    return EXIT.nothingMeasured;
  }
  return summary.holds ? EXIT.ok : EXIT.regression;
}
