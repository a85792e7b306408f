import { figureText } from '../../judge/gate/figure-text.js';
import type { Trend } from '../../judge/history/trend.js';
import { shortCommit } from '../../results/short-commit.js';
import { html, type Markup } from '../view/markup.js';

const WIDTH = 720;
const HEIGHT = 170;
const LEFT = 78;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 26;
/** Of the range of the values, above and below them. */
const MARGIN = 0.08;

/**
 * One figure over the runs as SVG, which needs no script. The axis need not begin at zero: what is
 * looked for is a change, and its size stands in the table.
 */
export function trendChart(trend: Trend): Markup {
  const values = trend.points.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = high > low ? (high - low) * MARGIN : Math.abs(high) * MARGIN || 1;
  const x = (index: number): number =>
    LEFT + (index / Math.max(1, values.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + ((high + pad - value) / (high - low + 2 * pad)) * (HEIGHT - TOP - BOTTOM);
  const line = values.map((value, i) => `${px(x(i))},${px(y(value))}`).join(' ');
  const first = trend.points[0];
  const last = trend.points.at(-1);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${trend.metric} of ${trend.cell} over ${values.length} runs. The table has its changes.">
<line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH - RIGHT}" y2="${HEIGHT - BOTTOM}"/>
${[low, high].map((value, i) =>
  i === 1 && high === low
    ? undefined
    : html`<text class="label" x="${LEFT - 8}" y="${px(y(value) + 4)}" text-anchor="end">${figureText(value, trend.unit)}</text>
<line class="grid" x1="${LEFT}" y1="${px(y(value))}" x2="${WIDTH - RIGHT}" y2="${px(y(value))}"/>
`,
)}
${trend.changes.map(
  ({ index }) =>
    html`<line class="change" x1="${px(x(index - 0.5))}" y1="${TOP}" x2="${px(x(index - 0.5))}" y2="${HEIGHT - BOTTOM}"/>
`,
)}
<polyline class="course" points="${line}"/>
${trend.points.map(
  ({ value, runId, commit }, i) =>
    html`<circle class="run" cx="${px(x(i))}" cy="${px(y(value))}" r="3"><title>${runId}, ${shortCommit(commit)}: ${figureText(value, trend.unit)}</title></circle>
`,
)}
<text class="label" x="${LEFT}" y="${HEIGHT - 8}">${(first?.startedAt ?? '').slice(0, 10)}</text>
<text class="label" x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${(last?.startedAt ?? '').slice(0, 10)}</text>
</svg>`;
}

function px(value: number): string {
  return value.toFixed(1);
}
