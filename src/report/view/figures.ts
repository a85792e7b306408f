import { attributionFigure, entriesFigure } from './bar-figures.js';
import type { FigureSpec } from './chart-spec.js';
import type { LineView } from './figure-parts.js';
import { injectedFigure } from './injected-figure.js';
import { present } from './labels.js';
import { latencyFigure } from './latency-figure.js';
import { withoutControlsInside } from './plain-text.js';
import type { ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { sweepFigure } from './sweep-figure.js';
import { tlbFigure } from './tlb-figure.js';
import type { Workload } from './workloads.js';

/** The sections of a report that have pictures, in the order of the page. */
export type SectionName =
  | 'buffer-sizes'
  | 'cpu-time'
  | 'injected-time'
  | 'entries-and-tlb'
  | 'latency'
  | 'other-workloads';

export interface FigureSection {
  readonly name: SectionName;
  readonly title: string;
  readonly lead: string;
  readonly figures: readonly FigureSpec[];
}

/** All figures of a selection. Sections without a figure are left out. */
export function figureSections(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
  view: LineView,
): readonly FigureSection[] {
  const sweeps = (wanted: readonly Workload[]): readonly FigureSpec[] =>
    wanted
      .flatMap(({ sweep, otherSweeps }) => [sweep, ...otherSweeps])
      .filter(isWorthLines)
      .map((sweep) => sweepFigure(data, sweep, selection, view));
  const byRing = workloads.filter(({ sweep }) => isByRing(sweep));
  const latency = workloads.filter(({ sweep }) => sweep.metric.startsWith('latencyNs'));
  const rest = workloads.filter((w) => !byRing.includes(w) && !latency.includes(w));
  const sections: readonly FigureSection[] = [
    {
      name: 'buffer-sizes',
      title: 'Buffer sizes',
      lead: 'Transports at the same effective buffer size: what each gains from a larger ring, and where one overtakes another (grey).',
      figures: sweeps(byRing),
    },
    {
      name: 'cpu-time',
      title: 'Where the CPU time goes',
      lead: 'Every nanosecond of every physical CPU has one cause.',
      figures: present([attributionFigure(data, workloads, selection)]),
    },
    {
      name: 'injected-time',
      title: 'Injected and real time',
      lead: 'On live, delays stand for what only a hypervisor does; the rest was carried out.',
      figures: present([injectedFigure(data, workloads, selection)]),
    },
    {
      name: 'entries-and-tlb',
      title: 'Hypervisor entries and TLB',
      lead: 'How often a message enters the hypervisor and for what; how often TLBs are flushed, and what that costs.',
      figures: present([
        entriesFigure(data, workloads, selection),
        tlbFigure(data, workloads, selection),
      ]),
    },
    {
      name: 'latency',
      title: 'Latency',
      lead: 'Closed loop and open loop apart: the first is service time, the second includes waiting.',
      figures: [...present([latencyFigure(data, workloads, selection)]), ...sweeps(latency)],
    },
    {
      name: 'other-workloads',
      title: 'Other workloads',
      lead: 'Scenarios that vary something other than the ring.',
      figures: sweeps(rest),
    },
  ];
  return withoutControlsInside(uniqueIds(sections.filter((section) => section.figures.length > 0)));
}

/** Scenarios whose names differ only in signs would else write over each other's picture. */
function uniqueIds(sections: readonly FigureSection[]): readonly FigureSection[] {
  const taken = new Set<string>();
  return sections.map((section) => ({
    ...section,
    figures: section.figures.map((figure) => {
      let { id } = figure;
      for (let n = 2; id === '' || taken.has(id); n++) id = `${figure.id || 'figure'}-${n}`;
      taken.add(id);
      return id === figure.id ? figure : { ...figure, id };
    }),
  }));
}

/** A ring-size sweep of a rate: the headline of the proposal. */
function isByRing(sweep: Workload['sweep']): boolean {
  return (
    sweep.xKey === 'ringSizeBytes' &&
    sweep.better === 'higher' &&
    sweep.unit.endsWith('/s') &&
    sweep.variantKeys.length === 0
  );
}

/** Lines need two places; a single one is in the tables. */
function isWorthLines(sweep: Workload['sweep']): boolean {
  return sweep.panels.some((panel) => panel.series.some((series) => series.points.length > 1));
}
