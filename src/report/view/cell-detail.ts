import { attributionOf, causeOrder } from './breakdown.js';
import type { TableSpec } from './chart-spec.js';
import { profileOf } from './confidence.js';
import { causeLabel, compareText, counterLabel, metricLabel } from './labels.js';
import { html, type Markup } from './markup.js';
import { certaintyOf, pricesOf } from './price-causes.js';
import { formatParameter, formatQuantity, formatShare } from './quantity.js';
import { messagesOf, type ReportCell, type ReportData } from './report-data.js';
import { reproduceCommand } from './reproduce-command.js';
import { tableMarkup } from './table-markup.js';

/** All that is known of one cell: parameters, metrics, counters, CPU time, prices, and how to measure it again. */
export function cellDetail(data: ReportData, cell: ReportCell): Markup {
  const tables = [
    parameterTable(cell),
    metricTable(cell),
    cpuTable(data, cell),
    ...counterTables(cell),
    priceTable(data, cell),
  ].filter((table) => table.rows.length > 0);
  return html`<div class="detail-box"><h3>${cell.id}</h3>
${cell.reason === undefined ? undefined : html`<p>${cell.verdict}: ${cell.reason}</p>`}
<p>To measure it again: <code>${reproduceCommand(cell)}</code></p>
<div class="detail-tables">${tables.map(tableMarkup)}</div></div>`;
}

const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly string[][],
): TableSpec => ({
  caption,
  columns,
  rows,
  best: [],
});

function parameterTable(cell: ReportCell): TableSpec {
  const rows: string[][] = [];
  const add = (prefix: string, values: ReportCell['parameters']): void => {
    for (const name of Object.keys(values).sort()) {
      rows.push([prefix + name, formatParameter(name, values[name])]);
    }
  };
  add('', cell.parameters);
  add('effective ', cell.effective);
  add('outcome ', cell.outcome ?? {});
  return table('Parameters', ['Name', 'Value'], rows);
}

function metricTable(cell: ReportCell): TableSpec {
  const rows = Object.entries(cell.metrics)
    .sort((a, b) => compareText(a[0], b[0]))
    .map(([name, metric]) => [
      metricLabel(name),
      formatQuantity(metric.value, metric.unit),
      metric.interval === undefined
        ? metric.assume === 'exact'
          ? 'exact'
          : 'sampled'
        : metric.interval.map((end) => formatQuantity(end, metric.unit)).join(' to '),
      metric.determinedBy ?? '-',
    ]);
  return table('Metrics', ['Metric', 'Value', 'Certainty', 'Set by'], rows);
}

function cpuTable(data: ReportData, cell: ReportCell): TableSpec {
  const sums = [...attributionOf(cell)].sort((a, b) => causeOrder(a[0], b[0]));
  const total = sums.reduce((sum, [, ns]) => sum + ns, 0);
  const profile = profileOf(data, cell);
  const rows = sums
    .filter(([, ns]) => ns > 0)
    .map(([cause, ns]) => [
      causeLabel(cause),
      formatQuantity(ns, 'ns'),
      formatShare(ns / total),
      certaintyOf(profile, cause).replace('-', ' '),
    ]);
  return table('CPU time of all pCPUs', ['Cause', 'Time', 'Share', 'Prices'], rows);
}

function counterTables(cell: ReportCell): readonly TableSpec[] {
  const messages = messagesOf(cell);
  return Object.entries(cell.counters ?? {}).map(([group, counts]) => {
    const rows = Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([name, count]) => [
        counterLabel(name),
        String(count),
        messages === undefined ? '-' : formatQuantity(count / messages, '1'),
      ]);
    return table(`Counters: ${group}`, ['Counter', 'Count', 'A message'], rows);
  });
}

/** The prices under which this cell's CPU time was charged, with their sources. */
function priceTable(data: ReportData, cell: ReportCell): TableSpec {
  const profile = profileOf(data, cell);
  const rows = new Map<string, string[]>();
  for (const [cause, ns] of attributionOf(cell)) {
    if (profile === undefined || ns === 0) continue;
    for (const price of pricesOf(profile, cause)) {
      rows.set(price.name, [
        price.name,
        `${price.value} ${price.unit}`,
        `${price.low} to ${price.high}`,
        price.confidence,
        price.source,
      ]);
    }
  }
  return table(
    `Prices of ${cell.profile} that may be in it`,
    ['Price', 'Value', 'Range', 'Confidence', 'Source'],
    [...rows.values()].sort((a, b) => compareText(a[0] as string, b[0] as string)),
  );
}
