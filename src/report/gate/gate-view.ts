import type { Finding, GateVerdict, Judgement } from '../../judge/gate/finding.js';

/** Where in a file a figure of the reference stands: for annotations. */
export interface Place {
  /** Relative to the working folder, with forward slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Finds the place of a finding; undefined where the reference does not hold it. */
export type Locate = (finding: Finding) => Place | undefined;

/** All that is found of one cell. */
export interface FindingsOfCell {
  readonly cell: string;
  /** The worst first. */
  readonly findings: readonly Finding[];
}

/** Findings by cell, the cell with the worst one first. */
export function byCell(findings: readonly Finding[]): readonly FindingsOfCell[] {
  const cells = new Map<string, Finding[]>();
  for (const finding of findings) {
    const own = cells.get(finding.cell) ?? [];
    cells.set(finding.cell, own);
    own.push(finding);
  }
  return [...cells].map(([cell, own]) => ({ cell, findings: own }));
}

/** What failed, and apart from it what is only worth knowing. */
export function parted({ findings }: Judgement): {
  readonly failing: readonly Finding[];
  readonly other: readonly Finding[];
} {
  return {
    failing: findings.filter(({ fails }) => fails),
    other: findings.filter(({ fails }) => !fails),
  };
}

const HEADLINES: Readonly<Record<GateVerdict, string>> = {
  regressed: 'regressed',
  'nothing-measured': 'not measured',
  'not-comparable': 'not comparable',
  inconclusive: 'inconclusive',
  ok: 'ok',
};

export function headline({ verdict }: Judgement): string {
  return HEADLINES[verdict];
}

/** "latencyNsP50", or what a finding of a whole cell speaks of. */
export function figureName({ metric }: Finding): string {
  return metric ?? 'the cell';
}

/** The causes of a cell's findings in one text: those of its worst one. */
export function whyOf(findings: readonly Finding[]): string {
  const first = findings.find(({ causes }) => causes.length > 0);
  return first?.causes.map(({ text }) => text).join('; ') ?? '';
}

/** Message and causes in one line. */
export function fullMessage(finding: Finding): string {
  const why = finding.causes.map(({ text }) => text).join('; ');
  const message = `${figureName(finding)}: ${finding.message}`;
  return why === '' ? message : `${message}: ${why}`;
}
