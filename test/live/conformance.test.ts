import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkOnThreads } from './check-live.js';

/** The rest of the checks, and other seeds, are in conformance.long.test.ts. */
describe('conformance on live', () => {
  for (const transport of ['v4v', 'libvchan', 'v2v']) {
    it(`${transport} keeps order and bytes on two threads`, async () => {
      const result = await checkOnThreads(transport, 'order-and-integrity', 1);
      assert.equal(result.verdict, 'passed', result.reason);
    });
  }
});
