import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sampleCell, sampleResults } from '../results/sample-results.js';
import type { Cell } from '../results/types.js';
import { renderRunMarkdown } from './render-run-markdown.js';

const file = (cells: readonly Cell[], complete = true) => {
  const sample = sampleResults(0);
  return { ...sample, run: { ...sample.run, complete }, cells };
};
const broken = (transport: string, finding: string): Cell =>
  sampleCell({}, { transport, scenario: 'crash', metrics: {}, outcome: { finding } });

describe('a run as Markdown', () => {
  it('has a table of figures, one of what became of the rest, and counts', () => {
    const text = renderRunMarkdown(
      file([sampleCell(), broken('v4v', 'told'), broken('libvchan', 'a | zombie')]),
    );
    assert.match(text, /^### Bulk stream: Throughput, higher is better\n\n\|/);
    assert.match(text, /\n### What became of it when something broke\n/);
    assert.match(text, /\n\| Scenario \| v4v \| libvchan \|\n/);
    assert.match(text, /\n\| crash \| told \| a \\\| zombie \|\n/);
    assert.match(text, /\n\n3 cells: 3 valid\.\n$/);
  });

  it('where no cell has a figure, says what became of them', () => {
    const text = renderRunMarkdown(file([broken('v4v', 'told')]));
    assert.match(text, /^### What became of it when something broke\n.*\n1 cell: 1 valid\.\n$/s);
  });

  it('names cells without a sound measurement, with the reason, and a run that was cut short', () => {
    const lost = sampleCell({}, { verdict: 'unknown', metrics: {}, reason: 'lost\u001b <b>' });
    assert.equal(
      renderRunMarkdown(file([lost], false)),
      '1 cell: 1 unknown. The run was interrupted: not all planned cells are here.\n- 1 unknown, libvchan: lost\ufffd &lt;b&gt;\n',
    );
  });
});
