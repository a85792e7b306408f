import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { bisectScript } from './bisect-script.js';

test('no name in the script is carried out: not in its comments, nor in its words', () => {
  const trap = 'x\'\necho TRAPPED\n$(echo TRAPPED) `echo TRAPPED` "\r';
  const script = bisectScript({
    cellId: `model/p/v4v/stream/note=${trap},seed=1`,
    metric: undefined,
    baseline: `/tmp/${trap}`,
    judge: `/tmp/${trap}`,
    build: 'true',
    program: 'false',
    profile: trap,
  });
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 125, 'a commit whose program fails can be neither good nor bad');
  assert.doesNotMatch(stdout + stderr, /TRAPPED/);
});
