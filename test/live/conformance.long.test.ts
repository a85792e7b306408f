import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIVE_CHECKS } from '../../src/transport/conformance.js';
import { transports } from '../../transports/index.js';
import { checkOnThreads } from './check-live.js';

/** Each check, with other pauses at other places. */
const SEEDS = [1, 2, 3];

describe('conformance on live, under random pauses', () => {
  for (const { name } of transports.filter(({ capabilities }) => capabilities.comparable)) {
    describe(name, () => {
      for (const check of LIVE_CHECKS) {
        it(`${check.name}: ${check.promise}`, async () => {
          for (const seed of SEEDS) {
            const result = await checkOnThreads(name, check.name, seed);
            assert.equal(result.verdict, 'passed', `seed ${seed}: ${result.reason}`);
          }
        });
      }
    });
  }

  it('canary: an event without a wake-up is found', async () => {
    const result = await checkOnThreads('libvchan', 'slow-sender', 1, 'no-wake');
    assert.equal(result.verdict, 'failed');
    assert.match(result.reason ?? '', /nobody woke the domain/);
  });
});
