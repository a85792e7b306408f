import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRACE, TRACE_KINDS, Trace } from './trace.js';

describe('Trace', () => {
  it('has a digest that depends on every field and on the order', () => {
    const steps: readonly [number, number, number, number, number][] = [
      [TRACE.hypercall, 1000, 1, 2, 3],
      [TRACE.entry, 1000, 1, 2, 3],
      [TRACE.hypercall, 1001, 1, 2, 3],
      [TRACE.hypercall, 1000 + 2 ** 40, 1, 2, 3],
      [TRACE.hypercall, 1000, 2, 2, 3],
      [TRACE.hypercall, 1000, 1, 3, 2],
      [TRACE.hypercall, 1000, 1, 2, 2],
    ];
    const digests = steps.map((step) => {
      const trace = new Trace();
      trace.add(...step);
      return trace.digest();
    });
    assert.equal(new Set(digests).size, steps.length);
    const [there, back] = [new Trace(), new Trace()];
    for (const step of steps) there.add(...step);
    for (const step of [...steps].reverse()) back.add(...step);
    assert.notEqual(there.digest(), back.digest());
    assert.equal(there.events, steps.length);
  });

  it('shows each step to an observer, who does not change the digest', () => {
    const [watched, alone] = [new Trace(), new Trace()];
    const seen: unknown[] = [];
    watched.observer = { step: (...step) => void seen.push(step) };
    watched.add(TRACE['tlb-flush'], 5, 1, 0, 0, 'why');
    alone.add(TRACE['tlb-flush'], 5, 1, 0, 0);
    assert.deepEqual(seen, [['tlb-flush', 5, 1, 0, 0, 'why']]);
    assert.equal(watched.digest(), alone.digest());
  });

  it('numbers the kinds by their place, as the digest wants', () => {
    for (const [index, kind] of TRACE_KINDS.entries()) assert.equal(TRACE[kind], index);
  });
});
