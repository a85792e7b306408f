import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest } from '../../../test/runner/made-up-catalogue.js';
import { planCells } from '../../runner/plan.js';
import type { PlannedCell } from '../../runner/request.js';
import { Terminal } from '../terminal.js';
import { duration, ProgressLine, progressText } from './progress-line.js';

const cells = planCells(madeUpRequest(), MADE_UP);
const [first] = cells as [PlannedCell];

/** Standard error of a terminal, and what was written there. */
function terminal(): { terminal: Terminal; written: string[] } {
  const written: string[] = [];
  const output = {
    isTTY: true,
    columns: 60,
    write: (text: string) => written.push(text) > 0,
    on: () => output,
  };
  return { terminal: new Terminal(output as never, output as never, {}), written };
}

describe('the progress line', () => {
  it('says how far the run is and how long it will take', () => {
    assert.equal(
      progressText({ done: 12, all: 48, share: 0.25, elapsedMs: 2000, latest: first }),
      '12/48 cells, 25 %, 6 s left: alpha flow',
    );
  });

  it('foretells nothing in the first second', () => {
    assert.equal(progressText({ done: 1, all: 4, share: 0.25, elapsedMs: 900 }), '1/4 cells, 25 %');
    assert.equal(progressText({ done: 0, all: 4, share: 0, elapsedMs: 5000 }), '0/4 cells, 0 %');
  });

  it('tells times in words', () => {
    assert.equal(duration(7001), '8 s');
    assert.equal(duration(125_000), '2 min 5 s');
    assert.equal(duration(4_200_000), '1 h 10 min');
  });

  it('counts what an earlier run has done, stays on its line, and goes away', () => {
    const { terminal: shown, written } = terminal();
    const progress = new ProgressLine(shown, cells, 6, true);
    progress.started(first);
    for (const cell of cells) progress.finished(cell);
    progress.clear();
    assert.match(written[0] ?? '', /^\r6\/10 cells, 0 %/);
    assert.match(written.at(-2) ?? '', /^\r10\/10 cells, 100 %/);
    assert.equal(written.at(-1), '\r\u001b[K');
    assert.ok(written.every((text) => !text.includes('\n')));
  });

  it('writes nothing where it is not wanted', () => {
    const { terminal: shown, written } = terminal();
    const progress = new ProgressLine(shown, cells, 0, false);
    progress.started(first);
    progress.finished(first);
    progress.clear();
    assert.deepEqual(written, []);
  });
});
