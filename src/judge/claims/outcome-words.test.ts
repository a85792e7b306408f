import assert from 'node:assert/strict';
import { it } from 'node:test';
import { outcomeWords } from './outcome-words.js';

it('finds the words of an outcome in whichever field they stand', () => {
  const words = (outcome: Record<string, string | number | boolean>): string[] => [
    ...outcomeWords({ outcome }),
  ];
  assert.deepEqual(words({ finding: 'peer untold' }), ['peer untold']);
  assert.deepEqual(words({ finding: 'zombie, leaked' }), ['zombie', 'leaked']);
  assert.deepEqual(words({ peerUntold: true, stalled: 0, escaped: 2 }), ['peer untold', 'escaped']);
  assert.deepEqual(words({ finding: 'corrupted-but-contained' }), ['corrupted but contained']);
  assert.deepEqual(words({ reason: 'the ring was full', zombie: false }), []);
  assert.deepEqual(outcomeWords({}).size, 0);
});
