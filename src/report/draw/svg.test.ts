import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileResults } from '../../../test/report/hostile-results.js';
import { plausibleResults } from '../../../test/report/plausible-results.js';
import type { ResultsFile } from '../../results/types.js';
import { collectReportData } from '../collect.js';
import { openingChoice } from '../render-report.js';
import type { FigureSpec } from '../view/chart-spec.js';
import { pageModel } from '../view/page-body.js';
import { PngPainter } from './png.js';
import { SvgPainter } from './svg.js';

function figuresOf(results: ResultsFile): readonly FigureSpec[] {
  const data = collectReportData([results]);
  return pageModel(data, openingChoice(data)).sections.flatMap((section) => section.figures);
}

const figures = figuresOf(
  plausibleResults({ ringSizes: [4096, 65_536], messageSizes: [64, 4096] }),
);
const painter = new SvgPainter();

/** Every element is closed in its turn, and nothing but elements and text is there. Throws where not. */
function elementsOf(svg: string): readonly string[] {
  const open: string[] = [];
  const names: string[] = [];
  let rest = svg;
  for (;;) {
    const match = /^([^<]*)<(\/?)([a-zA-Z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>/.exec(rest);
    if (match === null) break;
    const [all, text, closing, name, , single] = match as unknown as [string, ...string[]];
    assert.doesNotMatch(text as string, /&(?!(?:amp|lt|gt|quot|#39);)/);
    if (closing === '/') assert.equal(open.pop(), name);
    else {
      names.push(name as string);
      if (single !== '/') open.push(name as string);
    }
    rest = rest.slice(all.length);
  }
  assert.equal(rest.trim(), '');
  assert.deepEqual(open, []);
  return names;
}

test('every figure is a small picture that stands by itself, with its texts as text', () => {
  for (const figure of figures) {
    const svg = painter.paint(figure);
    assert.equal(svg, painter.paint(figure), 'the same again');
    assert.ok(svg.length < 150_000, `${figure.id}: ${svg.length} characters`);
    const names = new Set(elementsOf(svg));
    for (const name of names)
      assert.match(name, /^(?:svg|title|desc|defs|clipPath|g|path|rect|text)$/);
    const texts = [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map((match) => match[1]);
    const first = figure.panels[0];
    const axis = first?.kind === 'lines' ? first.x.title : first?.value.title;
    for (const wanted of [figure.title, axis, figure.legend[0]?.label]) {
      assert.ok(
        texts.some((text) => text?.includes(wanted as string)),
        `${figure.id}: ${wanted}`,
      );
    }
    assert.ok(texts.join(' ').includes('Source: run 20260131-120000-fixture'), figure.id);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|href|url\((?!#)/);
  }
});

test('dashes, markers and turned titles stay what they are', () => {
  const figure = figures.find(({ id }) => id === 'stream-by-ring-size') as FigureSpec;
  const svg = painter.paint(figure);
  assert.match(svg, /stroke-dasharray="9 4"/);
  assert.match(svg, /A4 4 0 0 1/);
  assert.match(svg, /transform="matrix\(0 -1 1 0 [\d.]+ [\d.]+\)"[^>]*>Throughput \(/);
  assert.match(svg, /textLength="[\d.]+"/);
});

test('hostile names stay text', () => {
  for (const figure of figuresOf(hostileResults(false)).slice(0, 4)) {
    const names = elementsOf(painter.paint(figure));
    assert.ok(!names.includes('script') && !names.includes('img'));
  }
});

test('figures that no machine has are drawn as far as they can be', () => {
  const plain = plausibleResults({
    profiles: ['skylake-2017'],
    ringSizes: [4096],
    messageSizes: [64, 4096],
  });
  for (const odd of [1.7e308, 5e-324, 'mixed'] as const) {
    const cells = plain.cells.map((cell, i) => ({
      ...cell,
      metrics: Object.fromEntries(
        Object.entries(cell.metrics).map(([name, metric]) => [
          name,
          { ...metric, value: odd === 'mixed' ? (i % 2 === 0 ? 1e300 : 1e-300) : odd },
        ]),
      ),
    }));
    for (const figure of figuresOf({ ...plain, cells })) {
      const svg = painter.paint(figure);
      elementsOf(svg);
      assert.doesNotMatch(svg, /NaN|Infinity/, `${odd}: ${figure.id}`);
    }
  }
});

test('a line that falls below nothing, where no log axis reaches, is drawn in both kinds of picture', async () => {
  const plain = plausibleResults({
    profiles: ['skylake-2017'],
    ringSizes: [4096],
    messageSizes: [64, 4096, 65_536],
  });
  const cells = plain.cells.map((cell) => {
    const rate = cell.metrics['bytesPerSecond'];
    if (rate === undefined || cell.parameters['messageSizeBytes'] !== 65_536) return cell;
    return { ...cell, metrics: { bytesPerSecond: { ...rate, value: -1 } } };
  });
  const stream = figuresOf({ ...plain, cells }).find(({ id }) => id.startsWith('stream'));
  assert.ok(stream);
  const panels = stream.panels.filter((panel) => panel.kind === 'lines');
  assert.ok(
    panels.some(({ marks }) => marks.some(({ y }) => y === -1)),
    'there is such a fall',
  );
  assert.doesNotMatch(painter.paint(stream), /NaN|Infinity/);
  assert.ok(new PngPainter().paint(stream).length > 0);
});
