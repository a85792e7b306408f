import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFORMANCE_CHECKS } from '../../src/transport/conformance.js';
import { transports } from '../../transports/index.js';
import { checkOnThreads } from './check-live.js';

/** Other pauses at other places: they are others in each long run. */
const OTHER_SEED = Number(process.env['INTERDOM_PROPERTY_SEED'] ?? 2);
/** In these the two ends are busy at the same time. */
const BUSY = [
  'order-and-integrity',
  'no-lost-wake-up',
  'stream-integrity',
  'bidirectional',
  'side-by-side',
  'many-conversations',
];
/** These take so long that one seed is enough. */
const LONG = [
  'idle-connection',
  'many-connections',
  'connection-after-connection',
  'crash-in-traffic',
];

function seedsFor(check: string): readonly number[] {
  if (LONG.includes(check)) return [1];
  return [1, ...(BUSY.includes(check) ? [0, 1, 2, 3] : [0]).map((more) => OTHER_SEED + more)];
}

describe('conformance on live, under random pauses', () => {
  for (const { name } of transports.filter(({ capabilities }) => capabilities.comparable)) {
    describe(name, () => {
      for (const check of CONFORMANCE_CHECKS) {
        const { modelOnly } = check;
        const title = `${check.name}: ${check.promise}`;
        it(title, { skip: modelOnly ?? false }, async () => {
          for (const seed of seedsFor(check.name)) {
            const result = await checkOnThreads(name, check.name, { seed });
            assert.equal(result.verdict, 'passed', `seed ${seed}: ${result.reason}`);
          }
        });
      }
    });
  }

  it('canary: a change that a thread does not repeat is found', async () => {
    const result = await checkOnThreads('libvchan', 'no-leak', { sabotage: 'unheard-close' });
    assert.equal(result.verdict, 'failed');
    assert.match(result.reason ?? '', /the threads have made different machines/);
  });

  it('canary: an event without a wake-up is found', async () => {
    const result = await checkOnThreads('libvchan', 'slow-sender', { sabotage: 'no-wake' });
    assert.equal(result.verdict, 'failed');
    // Which it is depends on who rests first: a thread may end its part over what it was not told.
    assert.match(result.reason ?? '', /nobody woke the domain|no progress|different machines/);
  });
});
