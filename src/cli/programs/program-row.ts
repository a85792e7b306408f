import {
  formatBytesPerSecond,
  formatNs,
  formatPerSecond,
  formatSignificant,
} from '../../base/units.js';
import type { Cell } from '../../results/types.js';

/** A cell as a line of the table. */
export function programRow(cell: Cell): readonly string[] {
  const figure = (name: string): number | undefined => cell.metrics[name]?.value;
  const [bytes, requests, latency] = [
    figure('bytesPerSecond'),
    figure('messagesPerSecond'),
    figure('latencyNsP50'),
  ];
  const rate =
    bytes === undefined
      ? requests === undefined
        ? ''
        : formatPerSecond(requests)
      : formatBytesPerSecond(bytes);
  const loopback = figure('loopbackBytesPerSecond') ?? figure('loopbackMessagesPerSecond');
  const carried = bytes ?? requests;
  const entries = figure('entriesPerMessage');
  const slower = ratio(latency, figure('loopbackLatencyNsP50'));
  return [
    String(cell.parameters['program']),
    cell.transport,
    String(cell.parameters['way']),
    rate,
    carried === undefined || loopback === undefined
      ? ''
      : `${Math.round((100 * carried) / loopback)} %`,
    latency === undefined ? '' : formatNs(latency),
    slower === undefined ? '' : formatSignificant(slower),
    entries === undefined ? '' : formatSignificant(entries),
    cell.verdict !== 'valid' ? cell.verdict : cell.outcome?.['works'] === true ? 'works' : 'fails',
  ];
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}
