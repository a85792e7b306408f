import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowedCpus, keepThisThreadOn, pinThisThread } from './cpu-affinity.js';

describe('CPUs of a thread', () => {
  it('lets go of the one CPU on which a thread was kept', async (t) => {
    const before = allowedCpus();
    const [first] = before;
    if (before.length < 2 || first === undefined || !(await pinThisThread(first))) {
      t.skip('one CPU, or no koffi');
      return;
    }
    assert.deepEqual(allowedCpus(), [first]);
    assert.ok(await keepThisThreadOn(before));
    assert.deepEqual(allowedCpus(), before);
  });
});
