import { countText } from '../../base/units.js';
import { shareText } from './figure-text.js';
import {
  type CauseGroup,
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type GateVerdict,
  type Judgement,
  type ProfileChange,
} from './finding.js';
import type { Side } from './side.js';

/** What the comparison of all cells has brought. */
export interface Outcome {
  readonly before: Side;
  readonly after: Side;
  readonly findings: readonly Finding[];
  readonly profileChanges: readonly ProfileChange[];
  readonly comparedCells: number;
  readonly comparedFigures: number;
  readonly sampledFigures: number;
  /** Why nothing could be compared at all. */
  readonly incomparable: string | undefined;
  readonly notes: readonly string[];
}

/** The judgement: worst first, causes gathered, and one verdict for all. */
export function summarise(outcome: Outcome): Judgement {
  const { before, after } = outcome;
  const all = [...outcome.findings].sort(worstFirst);
  const findings = all.filter(({ ignored }) => ignored === undefined);
  const verdict = verdictOf(outcome, findings);
  return {
    verdict,
    sentence: sentenceOf(verdict, outcome, findings),
    findings,
    ignored: all.filter(({ ignored }) => ignored !== undefined),
    profileChanges: outcome.profileChanges,
    causes: causeGroups(findings),
    counts: countKinds(findings),
    comparedCells: outcome.comparedCells,
    comparedFigures: outcome.comparedFigures,
    sampledFigures: outcome.sampledFigures,
    cellIds: [...new Set([...after.cells.keys(), ...before.cells.keys()])],
    notes: outcome.notes,
    reference: before.name,
    run: after.name,
  };
}

function verdictOf(outcome: Outcome, findings: readonly Finding[]): GateVerdict {
  const failing = new Set(findings.filter(({ fails }) => fails).map(({ kind }) => kind));
  if (failing.has('regressed') || failing.has('changed') || failing.has('improved')) {
    return 'regressed';
  }
  // Under --strict a cell without a reference fails; where nothing has one, that is another matter.
  if (failing.has('new') && outcome.comparedCells > 0) return 'regressed';
  if (!hasValid(outcome.after) || !outcome.after.complete) return 'nothing-measured';
  if (outcome.incomparable !== undefined) return 'not-comparable';
  if (failing.has('not-measured')) return 'nothing-measured';
  if (failing.has('not-comparable')) return 'not-comparable';
  if (failing.has('inconclusive')) return 'inconclusive';
  // Cells that stand in both, and a reference in which none of them was measured: nothing was judged.
  if (outcome.comparedFigures === 0) return 'not-comparable';
  return 'ok';
}

function hasValid({ cells }: Side): boolean {
  for (const { verdict } of cells.values()) if (verdict === 'valid') return true;
  return false;
}

function sentenceOf(verdict: GateVerdict, outcome: Outcome, findings: readonly Finding[]): string {
  const { comparedCells, comparedFigures, incomparable } = outcome;
  const compared = `${countText(comparedFigures, 'figure')} of ${countText(comparedCells, 'cell')} compared with ${outcome.before.name}`;
  switch (verdict) {
    case 'regressed':
      return `${regressionSentence(findings)}; ${compared}`;
    case 'nothing-measured': {
      if (!hasValid(outcome.after)) return 'nothing was measured: the run has no valid cell';
      const missing = cellsOf(findings, 'not-measured');
      const has = missing.size === 1 ? 'has' : 'have';
      const parts = [
        ...(outcome.after.complete ? [] : ['the run is not complete']),
        ...(missing.size > 0
          ? [
              `${countText(missing.size, 'cell')} of the reference or the run ${has} no sound measurement`,
            ]
          : []),
        compared,
      ];
      return parts.join('; ');
    }
    case 'not-comparable': {
      if (incomparable !== undefined) return `nothing can be compared: ${incomparable}`;
      const cells = cellsOf(findings, 'not-comparable').size;
      return cells === 0
        ? `nothing can be compared: not one figure of the run stands in ${outcome.before.name}`
        : `${countText(cells, 'cell')} cannot be compared; ${compared}`;
    }
    case 'inconclusive': {
      const open = findings.filter(({ kind, fails }) => kind === 'inconclusive' && fails);
      return `${countText(open.length, 'figure')} cannot be decided with these samples; ${compared}`;
    }
    case 'ok': {
      const better = findings.filter(({ kind }) => kind === 'improved').length;
      const hidden = outcome.findings.some(
        ({ kind, ignored }) => ignored !== undefined && kind !== 'improved' && kind !== 'new',
      );
      const nothing = hidden ? 'nothing that counts became worse' : 'nothing became worse';
      return `${nothing}${better === 0 ? '' : `, and ${countText(better, 'figure')} better`}; ${compared}`;
    }
  }
}

function regressionSentence(findings: readonly Finding[]): string {
  const worse = findings.filter(({ kind, fails }) => kind === 'regressed' && fails);
  if (worse.length > 0) {
    const cells = new Set(worse.map(({ cell }) => cell)).size;
    const worst = worse.find(({ worse: by }) => Number.isFinite(by));
    const by = worst === undefined ? '' : `, at most by ${shareText(worst.worse).replace('+', '')}`;
    return `${countText(worse.length, 'figure')} of ${countText(cells, 'cell')} became worse${by}`;
  }
  const other = findings.filter(({ fails }) => fails);
  const kinds = FINDING_KINDS.filter((kind) => other.some((finding) => finding.kind === kind));
  const listed = kinds.map(
    (kind) => `${other.filter((finding) => finding.kind === kind).length} ${kind}`,
  );
  return `the reference no longer holds (${listed.join(', ')}): update it if that is meant`;
}

function cellsOf(findings: readonly Finding[], kind: FindingKind): ReadonlySet<string> {
  return new Set(findings.filter((finding) => finding.kind === kind).map(({ cell }) => cell));
}

function countKinds(findings: readonly Finding[]): Record<FindingKind, number> {
  const counts = Object.fromEntries(FINDING_KINDS.map((kind) => [kind, 0])) as Record<
    FindingKind,
    number
  >;
  for (const { kind } of findings) counts[kind]++;
  return counts;
}

/** By kind, then by how much worse, then by name, so that equal results read the same. */
function worstFirst(a: Finding, b: Finding): number {
  const kinds = FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind);
  if (kinds !== 0) return kinds;
  // Changes for the better: the largest first, too.
  const by = Math.abs(b.worse) - Math.abs(a.worse);
  if (by !== 0 && !Number.isNaN(by)) return by;
  const key = (finding: Finding): string => `${finding.cell}:${finding.metric ?? ''}`;
  return key(a) < key(b) ? -1 : 1;
}

const UNEXPLAINED = 'unexplained';

function causeGroups(findings: readonly Finding[]): readonly CauseGroup[] {
  const groups = new Map<string, { cells: Set<string>; figures: number; worst: Finding }>();
  for (const finding of findings) {
    const { kind, causes, cell, evidence } = finding;
    if (kind !== 'regressed' && kind !== 'changed' && kind !== 'improved') continue;
    if (evidence !== undefined) continue;
    const key = causes[0]?.key ?? UNEXPLAINED;
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { cells: new Set([cell]), figures: 1, worst: finding });
    else {
      group.cells.add(cell);
      group.figures++;
    }
  }
  return [...groups]
    .map(([key, { cells, figures, worst }]) => ({
      key,
      text: worst.causes[0]?.text ?? 'nothing that is recorded moved with it',
      cells: cells.size,
      figures,
      worst,
    }))
    .sort((a, b) => b.cells - a.cells || b.figures - a.figures || (a.key < b.key ? -1 : 1));
}
