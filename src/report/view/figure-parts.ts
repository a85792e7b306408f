import { shortCommit } from '../../results/short-commit.js';
import type { LegendItem, TableSpec } from './chart-spec.js';
import { emulationRemark } from './emulation.js';
import { dimensionLabel, dimensionWord, own, present } from './labels.js';
import { formatParameter, formatRatio, formatScaled, scaleFor } from './quantity.js';
import { dimensionValue, type ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { isEstablished, type Slot } from './standings.js';
import type { Sweep } from './sweep.js';
import type { Workload } from './workloads.js';

/** How a reader wants the lines: the scale of both axes, and whether as times another transport. */
export interface LineView {
  readonly scale: 'log' | 'linear';
  /** A competitor by which all values are divided; empty for absolute values. */
  readonly relativeTo: string;
}

/** Letters, digits and dashes: a scenario of any name gives a file name that is safe everywhere. */
export function figureId(...parts: readonly string[]): string {
  return parts
    .map((part) => part.toLowerCase().replace(/[^a-z0-9]+/g, '-'))
    .join('-')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100);
}

/** "run X, interdom 0.1.0 (abc123), model, skylake-2017, pvh": where the figures are from. */
export function sourceLine(data: ReportData, selection: Selection): string {
  const chosen = selection['run'];
  const runs =
    chosen === undefined ? data.runs : data.runs.slice(Number(chosen), Number(chosen) + 1);
  const programs = new Set(
    runs.map(
      ({ version, commit }) =>
        `interdom ${version}${commit === '' ? '' : ` (${shortCommit(commit)})`}`,
    ),
  );
  return [
    `${runs.length > 1 ? 'runs' : 'run'} ${runs.map(({ id }) => id).join(', ')}`,
    ...programs,
    ...SHOWN.map((key) => shownValue(data, selection, key)),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** "Simulated Xen, profile skylake-2017, guest type pvh, placement own, grant mode persistent": under what the verdict holds. */
export function shownSentence(data: ReportData, selection: Selection): string {
  const testbed = shownValue(data, selection, 'testbed');
  const where = own(TESTBEDS, testbed) ?? `Testbed ${testbed}`;
  const rest = SHOWN.slice(1).flatMap((key) => {
    const value = shownValue(data, selection, key);
    return value === '' ? [] : [`${dimensionWord(key)} ${value}`];
  });
  return [where, ...rest].join(', ');
}

const SHOWN = ['testbed', 'profile', 'guestType', 'placement', 'grantMode'] as const;

const TESTBEDS: Readonly<Record<string, string>> = {
  model: 'Simulated Xen',
  live: 'Real threads and memory of one machine, no Xen',
  xen: 'Real Xen in an emulated machine',
};

/** The chosen value of a facet, or the only one there is. */
function shownValue(data: ReportData, selection: Selection, key: (typeof SHOWN)[number]): string {
  if (selection[key] !== undefined) return selection[key];
  const run = selection['run'];
  const first = data.cells.find((cell) => run === undefined || cell.run === Number(run));
  return first === undefined ? '' : String(dimensionValue(first, key) ?? '');
}

/** What a picture of reference points must say: who has no figure there, and whose times are no hardware's. */
export function barNotes(workloads: readonly Workload[]): readonly string[] {
  const absent = workloads.flatMap(({ slot, sweep, verdict }) => {
    const here = new Set([...slot.points.values()].map(({ cells }) => cells[0]?.transport));
    const missing = [...new Set(sweep.cells.map(({ transport }) => transport))].filter(
      (name) => !here.has(name),
    );
    return missing.length === 0 ? [] : [`${verdict.title}: ${missing.join(', ')}`];
  });
  const emulated = emulationRemark(workloads.flatMap(({ sweep }) => sweep.cells));
  return [
    ...(absent.length === 0
      ? []
      : [`no figure there, see the table of every number: ${absent.join('; ')}`]),
    ...present([emulated]),
  ];
}

/** Legend of the lines of a sweep: each competitor once. */
export function lineLegend(sweep: Sweep): readonly LegendItem[] {
  const items = new Map<string, LegendItem>();
  const firstOf = new Map<string, string>();
  for (const panel of sweep.panels) {
    for (const series of panel.series) {
      const label = seriesLabel(series);
      if (!firstOf.has(series.transport)) firstOf.set(series.transport, label);
      const hollow = firstOf.get(series.transport) !== label;
      items.set(label, { kind: 'line', label, transport: series.transport, hollow });
    }
  }
  return [...items.values()];
}

export function seriesLabel(series: { competitor: string; variant: string }): string {
  return series.variant === '' ? series.competitor : `${series.competitor} (${series.variant})`;
}

/** The name of an axis; rings stand at what the protocols made of them. */
export function axisLabel(key: string): string {
  return key === 'ringSizeBytes' ? 'Effective ring size' : dimensionLabel(key);
}

/** Rows are the places of a sweep, columns the competitors, each row in one unit, the best marked. */
export function sweepTable(sweep: Sweep, slots: readonly Slot[], caption: string): TableSpec {
  const competitors: string[] = [];
  for (const slot of slots) {
    for (const name of slot.points.keys()) if (!competitors.includes(name)) competitors.push(name);
  }
  const keys = sweep.panelKey === undefined ? [sweep.xKey] : [sweep.panelKey, sweep.xKey];
  const rows: string[][] = [];
  const best: number[] = [];
  for (const slot of slots) {
    const head = sweep.panelKey === undefined ? [] : [formatParameter(sweep.panelKey, slot.panel)];
    head.push(formatParameter(sweep.xKey, slot.place));
    if (slot.variant !== '') head[head.length - 1] += ` (${slot.variant})`;
    const values = [...slot.points.values()].map((point) => point.value);
    const scale = scaleFor(values, sweep.unit);
    const figures = competitors.map((name) => {
      const point = slot.points.get(name);
      return point === undefined
        ? '-'
        : `${formatScaled(point.value, scale)} ${scale.suffix}`.trim();
    });
    const order = [...slot.points].sort((a, b) =>
      sweep.better === 'lower' ? a[1].value - b[1].value : b[1].value - a[1].value,
    );
    const [first, second] = order;
    const clear = first && second && isEstablished(sweep, first[1], second[1]);
    const lead =
      first === undefined || second === undefined
        ? '-'
        : clear
          ? formatRatio(
              sweep.better === 'lower'
                ? second[1].value / first[1].value
                : first[1].value / second[1].value,
            )
          : '~';
    rows.push([...head, ...figures, lead]);
    best.push(clear ? keys.length + competitors.indexOf(first[0]) : -1);
  }
  return {
    caption,
    columns: [...keys.map(axisLabel), ...competitors, 'lead'],
    rows,
    best,
  };
}
