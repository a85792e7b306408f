import type { Validation, ValidationRow } from '../../judge/validation/validation.js';
import type { FigureSpec, LegendItem, LinePanelSpec, LineSpec } from '../view/chart-spec.js';
import { ROW_HEAD, rowTexts } from './validation-words.js';

const PANELS: readonly (readonly [quantity: string, title: string])[] = [
  ['eventsPerMessage', 'Events sent'],
  ['vmexitsPerMessage', 'VMEXITs (PVH guests)'],
  ['entriesPerMessage', 'Hypervisor entries (PV guests)'],
  ['entriesWithTimePerMessage', 'Entries, timers included'],
];

/** The line on which model and real Xen agree is drawn as the transport that has no cost model of its own. */
const EQUAL = { label: 'model = real Xen', transport: 'analytic' } as const;

/**
 * Counts of the model against counts of real Xen, each a point: what agrees lies on the diagonal.
 *
 * @param source where the recorded counts are from
 */
export function validationFigure(validation: Validation, source: string): FigureSpec {
  const rows = validation.rows.filter(
    ({ verdict, model, recorded }) =>
      verdict !== 'not compared' && model > 0 && recorded !== undefined && recorded > 0,
  );
  const panels = PANELS.flatMap(([quantity, title]) => {
    const chosen = rows.filter((row) => row.quantity === quantity);
    return chosen.length === 0 ? [] : [panel(title, chosen)];
  });
  const transports = [...new Set(rows.map(({ transport }) => transport))];
  const shown = validation.rows.filter(({ detail }) => !detail).slice(0, 60);
  return {
    id: 'validation',
    title: 'Model against real Xen',
    subtitle: 'Counts a message; what agrees lies on the diagonal',
    columns: 2,
    panels,
    legend: [
      ...transports.map((transport) => item(transport, transport)),
      item(EQUAL.label, EQUAL.transport),
    ],
    notes: ['emulated CPU (profile qemu-svm), all domains on one physical CPU'],
    source,
    table: {
      caption: 'Model against real Xen, worst first',
      columns: ROW_HEAD,
      rows: shown.map(rowTexts),
      best: [],
    },
  };
}

function item(label: string, transport: string): LegendItem {
  return { kind: 'line', label, transport, hollow: false };
}

function panel(title: string, rows: readonly ValidationRow[]): LinePanelSpec {
  const values = rows.flatMap(({ model, recorded }) => [model, recorded as number]);
  const from = Math.min(...values) / 1.5;
  const to = Math.max(...values) * 1.5;
  const transports = [...new Set(rows.map(({ transport }) => transport))];
  const lines: LineSpec[] = transports.map((transport) => ({
    label: transport,
    transport,
    hollow: false,
    scattered: true,
    points: rows
      .filter((row) => row.transport === transport)
      .map(({ model, recorded }) => ({ x: recorded as number, y: model, low: model, high: model }))
      .sort((a, b) => a.x - b.x),
  }));
  const diagonal = [from, to].map((at) => ({ x: at, y: at, low: at, high: at }));
  lines.push({ ...EQUAL, hollow: true, points: diagonal });
  const axis = (name: string) => ({
    title: name,
    scale: 'log' as const,
    unit: '1',
    min: from,
    max: to,
  });
  return {
    kind: 'lines',
    title,
    x: axis('on real Xen'),
    y: axis('in the model'),
    lines,
    bands: [],
    marks: [],
  };
}
