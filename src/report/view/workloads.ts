import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import { raysOf } from './axes.js';
import { problemReasons } from './breakdown.js';
import { present, workloadOrder, workloadTitle } from './labels.js';
import { type Focus, referenceSlot } from './reference-slot.js';
import type { ReportCell, ReportData } from './report-data.js';
import { type Selection, scenariosOf, selectCells } from './selection.js';
import { transportOrder } from './series-style.js';
import type { Slot } from './standings.js';
import { type Sweep, type SweepPoint, sweepOf } from './sweep.js';
import { verdictOf, type WorkloadVerdict } from './verdict.js';

/** A scenario under a selection, with all that is shown of it. */
export interface Workload {
  readonly scenario: string;
  readonly sweep: Sweep;
  /** Other parameters that were varied one at a time around the same point. */
  readonly otherSweeps: readonly Sweep[];
  /** Where headline figures and bars are taken. */
  readonly slot: Slot;
  readonly verdict: WorkloadVerdict;
}

/** Those in which transports are held against each other, in the reader's order. */
function comparedScenarios(data: ReportData): readonly string[] {
  const scenarios = [...scenariosOf(data)].filter((scenario) => scenario !== PROGRAM_SCENARIO);
  return scenarios.sort(workloadOrder);
}

/** The scenarios that have a figure under this selection, in the reader's order. */
export function workloadsOf(
  data: ReportData,
  selection: Selection,
  focus: Focus = {},
): readonly Workload[] {
  const scenarios = comparedScenarios(data);
  const found: Workload[] = [];
  for (const scenario of scenarios) {
    const rays = raysOf(scenario, selectCells(data, selection, scenario));
    const [sweep, ...otherSweeps] = present(rays.map((cells) => sweepOf(scenario, cells)));
    const slot = sweep && referenceSlot(sweep, focus);
    const verdict = sweep && verdictOf(data, sweep, focus);
    if (sweep && slot && verdict) found.push({ scenario, sweep, otherSweeps, slot, verdict });
  }
  return found;
}

/** Scenarios that were chosen but came to no figure, and why. A reader must not miss what did not work. */
export function withoutFigure(
  data: ReportData,
  selection: Selection,
  workloads: readonly Workload[],
): readonly string[] {
  const scenarios = comparedScenarios(data);
  return scenarios.flatMap((scenario) => {
    if (workloads.some((workload) => workload.scenario === scenario)) return [];
    const note = problemReasons(selectCells(data, selection, scenario));
    return note === '' ? [] : [`${workloadTitle(scenario)}: ${note}`];
  });
}

/** Who stands at the reference slot, in the fixed order of transports, with the cell that speaks for each. */
export function competitorsAt(
  slot: Slot,
): readonly { competitor: string; cell: ReportCell; point: SweepPoint }[] {
  return [...slot.points]
    .map(([competitor, point]) => ({ competitor, point, cell: point.cells[0] as ReportCell }))
    .sort(
      (a, b) =>
        transportOrder(a.cell.transport, b.cell.transport) ||
        (a.competitor < b.competitor ? -1 : 1),
    );
}

const BARS_FIRST: readonly string[] = ['stream', 'message-rate', 'ping-pong', 'buffer-size'];

/** The few workloads of which bars are drawn; tables have all. */
export function workloadsForBars(workloads: readonly Workload[], most = 4): readonly Workload[] {
  const place = (scenario: string): number => {
    const index = BARS_FIRST.indexOf(scenario);
    return index < 0 ? BARS_FIRST.length : index;
  };
  return [...workloads].sort((a, b) => place(a.scenario) - place(b.scenario)).slice(0, most);
}
