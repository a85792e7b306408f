import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assertLooksLike } from '../../../test/report/golden-image.js';
import { plausibleResults } from '../../../test/report/plausible-results.js';
import { collectReportData } from '../collect.js';
import { openingChoice } from '../render-report.js';
import { pageModel } from '../view/page-body.js';
import { PngPainter } from './png.js';

const data = collectReportData([
  plausibleResults({ ringSizes: [4096, 65_536], messageSizes: [64, 4096] }),
]);
const figures = pageModel(data, openingChoice(data)).sections.flatMap((section) => section.figures);

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('the same figure gives the same bytes, from one painter and from another', () => {
  const first = new PngPainter();
  const second = new PngPainter();
  for (const figure of figures.slice(0, 4)) {
    const golden = hashOf(first.paint(figure));
    assert.equal(hashOf(first.paint(figure)), golden, figure.id);
    assert.equal(hashOf(second.paint(figure)), golden, figure.id);
  }
});

test('pictures are PNGs with a palette, of the size of their panels', () => {
  const painter = new PngPainter();
  for (const figure of figures) {
    const png = painter.paint(figure);
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.equal(png[25], 3, 'colour type');
    const width = png.readUInt32BE(16);
    assert.equal(width, { 1: 1404, 2: 1734, 3: 1989 }[figure.columns], figure.id);
    assert.ok(png.length > 8000 && png.length < 200_000, `${figure.id}: ${png.length} bytes`);
  }
});

test('text is drawn: another source line is another picture', () => {
  const [figure] = figures;
  assert.ok(figure);
  const painter = new PngPainter();
  assert.notEqual(
    hashOf(painter.paint(figure)),
    hashOf(painter.paint({ ...figure, source: 'elsewhere' })),
  );
});

test('pictures look as they were looked at, on every platform', async () => {
  const painter = new PngPainter();
  for (const id of ['stream-by-ring-size', 'cpu-time']) {
    const figure = figures.find((one) => one.id === id);
    assert.ok(figure);
    await assertLooksLike(painter.paint(figure), `png-${id}`);
  }
});
