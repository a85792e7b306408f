import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTraceLines } from './trace-lines.js';
import { traceCounts } from './window-counts.js';

const LINES = [
  'window 2 19059962517 119085518 0',
  'count 2 81001 - 1637',
  'count 2 81002 81 429',
  'count 2 81002 78 400',
  'count 2 81002 7c 408',
  'count 2 8200d 80b 403',
  'count 2 82012 20 400',
  'count 2 82012 18 29',
  'count 0 20100d 1d.1 2',
  'count 0 20100d 14.5 3',
  'count - 28004 - 1',
];

describe('readTraceLines', () => {
  it('reads window, counts and records', () => {
    const trace = readTraceLines([...LINES, 'record 0 2 19059962600 81102 78.1000.ffff8000']);
    assert.equal(trace.domid, 2);
    assert.equal(trace.lengthTsc, 119085518);
    assert.deepEqual(trace.counts[1], { domid: 2, event: 0x81002, words: [0x81], count: 429 });
    assert.deepEqual(trace.counts.at(-1)?.domid, undefined);
    assert.deepEqual(trace.records, [
      { pcpu: 0, domid: 2, tsc: 19059962600, event: 0x81102, words: [0x78, 0x1000, 0xffff8000] },
    ]);
  });

  it("passes on the agent's own words where it failed", () => {
    assert.throws(
      () => readTraceLines(['error no marked window in the trace']),
      /no marked window/,
    );
    assert.throws(() => readTraceLines([]), /no window/);
    assert.throws(() => readTraceLines([...LINES, 'count 2 zz - 1']), /for a number/);
  });
});

describe('traceCounts', () => {
  it('names exits, tells end-of-interrupt from other registers, and splits by domain', () => {
    const groups = traceCounts(readTraceLines(LINES));
    assert.deepEqual(groups['exits'], {
      entries: 1637,
      hypercall: 429,
      hlt: 400,
      msr: 5,
      eoi: 403,
    });
    assert.deepEqual(groups['hypercalls dom2'], { event_channel_op: 400, vcpu_op: 29 });
    assert.deepEqual(groups['hypercalls dom0'], { sched_block: 2, gnttab_copy: 3 });
  });
});
