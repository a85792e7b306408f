import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTraceLines } from './trace-lines.js';
import { traceSteps } from './trace-steps.js';

describe('traceSteps', () => {
  it('names what a send does, in the order of time, and an end of interrupt as such', () => {
    const trace = readTraceLines([
      'window 2 1000 90 0',
      'record 0 2 1010 81102 81.1.2',
      'record 0 2 1011 82012 20',
      'record 0 2 1012 28004 1.0',
      'record 0 2 1013 81001 -',
      'record 0 2 1050 81102 7c.1.2',
      'record 0 2 1051 8200d 80b.0.0',
      'record 0 1 1040 21101 10000',
      'record 0 0 1060 20100d 10001d.1',
      'record 0 0 1061 22209 1',
    ]);
    assert.deepEqual(
      traceSteps(trace).map(({ atNs, kind, what }) => [atNs, kind, what]),
      [
        [0, 'exit', 'hypercall'],
        [1, 'hypercall', 'event_channel_op'],
        [2, 'wake', 'dom1'],
        [3, 'entry', ''],
        [30, 'runs', 'dom1'],
        [40, 'exit', 'eoi'],
        [50, 'hypercall', 'sched_block'],
      ],
    );
  });
});
