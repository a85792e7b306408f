import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFORMANCE_CHECKS } from '../../src/transport/conformance.js';
import { transports } from '../../transports/index.js';
import { checkOnThreads } from './check-live.js';

/** Other pauses at other places; the second seed is another in each long run. */
const SEEDS = [1, Number(process.env['INTERDOM_PROPERTY_SEED'] ?? 2)];
/** These take so long that one seed is enough. */
const LONG = [
  'idle-connection',
  'many-connections',
  'connection-after-connection',
  'crash-in-traffic',
];

describe('conformance on live, under random pauses', () => {
  for (const { name } of transports.filter(({ capabilities }) => capabilities.comparable)) {
    describe(name, () => {
      for (const check of CONFORMANCE_CHECKS) {
        const { modelOnly } = check;
        const title = `${check.name}: ${check.promise}`;
        it(title, { skip: modelOnly ?? false }, async () => {
          for (const seed of LONG.includes(check.name) ? [1] : SEEDS) {
            const result = await checkOnThreads(name, check.name, { seed });
            assert.equal(result.verdict, 'passed', `seed ${seed}: ${result.reason}`);
          }
        });
      }
    });
  }

  it('canary: an event without a wake-up is found', async () => {
    const result = await checkOnThreads('libvchan', 'slow-sender', { sabotage: 'no-wake' });
    assert.equal(result.verdict, 'failed');
    assert.match(result.reason ?? '', /nobody woke the domain|no progress/);
  });
});
