import { emulationNote } from '../../results/emulated.js';
import type { AppliedPolicy } from './applied-policy.js';
import { hostDifference, nothingInCommon } from './comparability.js';
import { compareCell, metricNames, wholeCell } from './compare-cell.js';
import type { Finding, Judgement, ProfileChange } from './finding.js';
import { profileChanges } from './profile-changes.js';
import {
  judgeSampled,
  type SampledJudgement,
  type SampledPair,
  samplesNeeded,
} from './sampled-figure.js';
import { type GateCell, HARNESS, type Side } from './side.js';
import { summarise } from './summary.js';

export interface GateOptions {
  readonly policy: AppliedPolicy;
  /** Whatever is not as it was counts against the run, changes for the better as well. */
  readonly strict: boolean;
  /** Cells of the reference that the run does not have were not asked for. */
  readonly partial: boolean;
  readonly noiseFloors: ReadonlyMap<string, number>;
  /** Missing: what is there must do. */
  readonly moreSamples?: MoreSamples;
  /** False: not all of the cells are here, and so an entry of the policy may match nothing. */
  readonly everyEntryMatches: boolean;
  /** Cells of profiles and testbeds that the run does not have, for the policy's patterns. */
  readonly otherCells?: () => Iterable<GateCell>;
}

/**
 * Takes more samples of figures of the run that nobody can decide yet: for each its further ones, none where the budget is
 * used up or the figure cannot be measured here.
 */
export type MoreSamples = (
  pairs: readonly SampledPair[],
) => Promise<readonly (readonly number[])[]>;

/**
 * Decides whether a run is as good as its reference. Throws UserError for entries of the policy
 * that match nothing.
 */
export async function judgeRun(
  before: Side,
  after: Side,
  options: GateOptions,
): Promise<Judgement> {
  const findings: Finding[] = [];
  const sampled: SampledPair[] = [];
  const changes = profileChanges(before, after);
  const changesOf = groupedByProfile(changes);
  const otherHost = hostDifference(before, after);
  const counts = { cells: 0, figures: 0 };
  for (const cell of after.cells.values()) {
    const old = before.cells.get(cell.id);
    if (old === undefined) {
      findings.push(...withoutReference(cell, options));
      continue;
    }
    const comparison = compareCell(old, cell, {
      policy: options.policy,
      profileChanges: changesOf.get(cell.profile) ?? [],
      otherHost,
      noiseFloors: options.noiseFloors,
      strict: options.strict,
    });
    if (comparison.figures > 0) counts.cells++;
    counts.figures += comparison.figures;
    findings.push(...comparison.findings);
    sampled.push(...comparison.sampled);
  }
  findings.push(...missing(before, after, options));
  const judgements = await withMoreSamples(sampled, options.moreSamples);
  findings.push(...sampledFindings(judgements, options));
  for (const cell of options.otherCells?.() ?? [])
    options.policy.forCell(cell.id, metricNames(cell));
  const harnessIsJudged = before.cells.has(HARNESS) && after.cells.has(HARNESS);
  if (options.everyEntryMatches) options.policy.demandUse(harnessIsJudged);
  return summarise({
    before,
    after,
    findings,
    profileChanges: changes,
    comparedCells: counts.cells,
    comparedFigures: counts.figures,
    sampledFigures: sampled.length,
    incomparable: nothingInCommon(before, after),
    notes: [...notesOf(judgements, options), ...emulated(after)],
  });
}

function groupedByProfile(changes: readonly ProfileChange[]): Map<string, ProfileChange[]> {
  const groups = new Map<string, ProfileChange[]>();
  for (const change of changes) {
    const group = groups.get(change.profile) ?? [];
    groups.set(change.profile, group);
    group.push(change);
  }
  return groups;
}

/** A cell that the reference does not know: noted, unless it is not sound. */
function withoutReference(cell: GateCell, { policy, strict }: GateOptions): readonly Finding[] {
  const own = policy.forCell(cell.id, metricNames(cell));
  if (cell.verdict === 'skipped') return [];
  if (cell.verdict === 'valid') {
    return [wholeCell(cell.id, 'new', 'is not in the reference', own, strict)];
  }
  const message = `${cell.verdict}: ${cell.reason ?? 'no reason given'}`;
  return [wholeCell(cell.id, 'not-measured', message, own)];
}

function missing(before: Side, after: Side, { policy, partial }: GateOptions): readonly Finding[] {
  const findings: Finding[] = [];
  for (const cell of before.cells.values()) {
    if (after.cells.has(cell.id)) continue;
    const own = policy.forCell(cell.id, metricNames(cell));
    if (cell.verdict !== 'valid' || (partial && after.complete)) continue;
    const why = after.complete
      ? 'the run does not have it'
      : 'the run is not complete, and does not have it';
    findings.push(wholeCell(cell.id, 'not-measured', why, own));
  }
  return findings;
}

/** While figures are inconclusive and there is budget, they get more samples and all are judged anew. */
async function withMoreSamples(
  pairs: readonly SampledPair[],
  moreSamples: MoreSamples | undefined,
): Promise<readonly SampledJudgement[]> {
  let current = [...pairs];
  for (;;) {
    const judgements = judgeSampled(current);
    if (moreSamples === undefined) return judgements;
    const open = judgements.filter(({ verdict }) => verdict === 'inconclusive');
    const gained = new Map<SampledPair, readonly number[]>();
    const pairs = open.map(({ pair }) => pair);
    const more = pairs.length === 0 ? [] : await moreSamples(pairs);
    for (const [i, pair] of pairs.entries()) {
      const further = more[i] ?? [];
      if (further.length > 0) gained.set(pair, further);
    }
    if (gained.size === 0) return judgements;
    current = current.map((pair) => {
      const further = gained.get(pair);
      return further === undefined ? pair : { ...pair, samples: [...pair.samples, ...further] };
    });
  }
}

const KIND_OF = {
  worse: 'regressed',
  better: 'improved',
  different: 'changed',
  inconclusive: 'inconclusive',
} as const;

function sampledFindings(
  judgements: readonly SampledJudgement[],
  { policy, strict }: GateOptions,
): readonly Finding[] {
  return judgements.flatMap(({ pair, verdict, evidence, worse, message }) => {
    if (verdict === 'ok') return [];
    const kind = KIND_OF[verdict];
    const ignored = policy.forCell(pair.cell, []).ignoredBy(pair.metric);
    const fails = kind === 'regressed' || kind === 'inconclusive' || strict;
    return [
      {
        kind,
        fails: fails && ignored === undefined,
        cell: pair.cell,
        metric: pair.metric,
        before: pair.before.value,
        after: pair.after.value,
        unit: pair.after.unit,
        better: pair.after.better,
        worse,
        ...(evidence === undefined ? {} : { evidence }),
        causes: [],
        message,
        ...(ignored === undefined ? {} : { ignored }),
      },
    ];
  });
}

function emulated({ cells }: Side): string[] {
  const note = emulationNote(cells.values());
  return note === undefined ? [] : [note];
}

function notesOf(judgements: readonly SampledJudgement[], { policy }: GateOptions): string[] {
  const notes = policy.expired.map(
    ({ where, pattern, until }) =>
      `${where}: ${pattern.text} was to be ignored until ${until}; this entry holds no more`,
  );
  const needed = samplesNeeded(judgements.length);
  const short = judgements.filter(
    ({ pair }) => Math.min(pair.before.samples?.length ?? 0, pair.samples.length) < needed,
  );
  if (short.length > 0) {
    notes.push(
      `${short.length} of ${judgements.length} sampled figures have fewer than ${needed} samples on a side: fewer cannot show that one of ${judgements.length} has changed`,
    );
  }
  return notes;
}
