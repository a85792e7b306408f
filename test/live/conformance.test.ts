import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkOnThreads } from './check-live.js';

/** The rest of the checks, and other seeds, are in conformance.long.test.ts. */
describe('conformance on live', () => {
  it('v4v keeps order and bytes on two threads', async () => {
    const result = await checkOnThreads('v4v', 'order-and-integrity', 1);
    assert.equal(result.verdict, 'passed', result.reason);
  });

  it('canary: a byte that arrives after its index is found', async () => {
    const result = await checkOnThreads('libvchan', 'wrap', 1, 'late-byte');
    assert.equal(result.verdict, 'failed');
    assert.match(result.reason ?? '', /wrong bytes/);
  });
});
