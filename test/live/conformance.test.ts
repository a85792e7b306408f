import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFORMANCE_CHECKS, LIVE_CHECKS } from '../../src/transport/conformance.js';
import { checkOnThreads } from './check-live.js';

/** The rest of the checks, and other settings and seeds, are in conformance.long.test.ts. */
describe('conformance on live', () => {
  it('leaves out two checks, each for a reason', () => {
    const left = CONFORMANCE_CHECKS.filter((check) => !LIVE_CHECKS.includes(check));
    assert.deepEqual(
      left.map(({ name }) => name),
      ['determinism', 'attribution'],
    );
    for (const { modelOnly } of left) assert.match(modelOnly ?? '', /\w{4}/);
    assert.equal(LIVE_CHECKS.length, CONFORMANCE_CHECKS.length - 2);
  });

  it('v4v connects, keeps order and bytes, and closes, with each domain on a thread', async () => {
    const result = await checkOnThreads('v4v', 'order-and-integrity', { mostSettings: 1 });
    assert.equal(result.verdict, 'passed', result.reason);
  });

  it('libvchan survives a peer whose thread is ended where it stands', async () => {
    const result = await checkOnThreads('libvchan', 'peer-crashes', { mostSettings: 1 });
    assert.equal(result.verdict, 'passed', result.reason);
  });

  for (const sabotage of ['late-byte', 'late-put'] as const) {
    it(`canary: a byte that arrives after its index is found (${sabotage})`, async () => {
      const result = await checkOnThreads('libvchan', 'wrap', { sabotage });
      assert.equal(result.verdict, 'failed');
      assert.match(result.reason ?? '', /wrong bytes/);
    });
  }
});
