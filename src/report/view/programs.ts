import { formatSignificant } from '../../base/units.js';
import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import type { TableSpec } from './chart-spec.js';
import { compareText } from './labels.js';
import { formatQuantity } from './quantity.js';
import type { ReportCell } from './report-data.js';
import { transportOrder } from './series-style.js';

/** Real programs over each transport, in the order in which they were used. Undefined where there are none. */
export function programTable(cells: readonly ReportCell[]): TableSpec | undefined {
  const found = cells.filter(({ scenario }) => scenario === PROGRAM_SCENARIO);
  if (found.length === 0) return undefined;
  const programs = [...new Set(found.map(({ parameters }) => parameters['program']))];
  const place = ({ parameters }: ReportCell): number => programs.indexOf(parameters['program']);
  const rows = [...found].sort(
    (a, b) =>
      place(a) - place(b) ||
      compareText(circumstances(a), circumstances(b)) ||
      transportOrder(a.transport, b.transport),
  );
  return {
    caption: 'Unmodified programs over each transport, beside loopback',
    columns: [
      'Program',
      'How',
      'Transport',
      'Works',
      'Throughput',
      'Of loopback',
      'Latency p50',
      'Times loopback',
      'Entries a request',
    ],
    rows: rows.map((cell) => [
      String(cell.parameters['program']),
      circumstances(cell),
      cell.transport,
      works(cell),
      ...figures(cell),
    ]),
    best: [],
  };
}

/** "exec"; "tunnel, with delays of zen4-2023". */
function circumstances({ parameters, profile }: ReportCell): string {
  const delays = parameters['inject'] === 'profile' ? `, with delays of ${profile}` : '';
  return `${parameters['way']}${delays}`;
}

function works({ verdict, reason, outcome }: ReportCell): string {
  if (verdict !== 'valid') return `${verdict}: ${reason ?? ''}`;
  return outcome?.['works'] === true ? 'yes' : `no: ${outcome?.['why'] ?? ''}`;
}

function figures({ metrics }: ReportCell): readonly string[] {
  const quantity = (name: string): string => {
    const metric = metrics[name];
    return metric === undefined ? '' : formatQuantity(metric.value, metric.unit);
  };
  const ratio = (name: string, direct: string): number | undefined => {
    const [over, without] = [metrics[name]?.value, metrics[direct]?.value];
    return over === undefined || without === undefined ? undefined : over / without;
  };
  const share =
    ratio('bytesPerSecond', 'loopbackBytesPerSecond') ??
    ratio('messagesPerSecond', 'loopbackMessagesPerSecond');
  const times = ratio('latencyNsP50', 'loopbackLatencyNsP50');
  const entries = metrics['entriesPerMessage'];
  return [
    quantity('bytesPerSecond') || quantity('messagesPerSecond'),
    share === undefined ? '' : `${Math.round(100 * share)} %`,
    quantity('latencyNsP50'),
    times === undefined ? '' : `${formatSignificant(times)}x`,
    entries === undefined ? '' : formatSignificant(entries.value),
  ];
}
