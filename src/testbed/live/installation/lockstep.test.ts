import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lockstep, LockstepFailure } from './lockstep.js';

const MEMBER = new URL('./lockstep-member.js', import.meta.url);

/** A program of threads, as a script: `member` is the thread's end of the lockstep. */
function script(body: string): URL {
  const text = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { LockstepMember } from ${JSON.stringify(MEMBER.href)};
    const member = new LockstepMember(parentPort, workerData);
    const { thread } = workerData;
    ${body}`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

const PATIENCE_MS = 60_000;

describe('threads in lockstep', () => {
  it('tell each other what each knows, and those that come later, or instead of another, hear all of it', async () => {
    const program = script(`
      const heard = [];
      heard.push(member.gather('first of ' + thread));
      const isThere = member.begin(3) !== undefined;
      if (thread === 0) member.stop(2);
      heard.push(member.gather(thread + (isThere ? ' is there' : ' is late')));
      member.begin(3);
      heard.push(member.gather('third of ' + thread));
      heard.push(member.gather(heard.length));
      member.end(heard);`);
    assert.deepEqual(await new Lockstep(program, undefined, PATIENCE_MS).run(), [
      ['first of 0'],
      ['0 is there', '1 is there', undefined],
      ['third of 0', 'third of 1', 'third of 2'],
      [3, 3, 3],
    ]);
  });

  it('one that dies is named with its domain and its last step', async () => {
    const program = script(`
      member.begin(2);
      if (thread === 1) throw new Error('a bad day');
      member.gather(0);`);
    await assert.rejects(new Lockstep(program, undefined, PATIENCE_MS).run(), (error) => {
      assert.ok(error instanceof LockstepFailure);
      assert.match(error.message, /the thread of dom1 died: a bad day; last step the set-up/);
      return true;
    });
  });

  it('that hang are ended, and all are named', async () => {
    const isHanging = new Int32Array(new SharedArrayBuffer(4));
    const program = script(`
      member.begin(2);
      if (thread === 0) for (;;) Atomics.store(workerData.task, 0, 1);
      member.gather(0);`);
    const lockstep = new Lockstep(program, isHanging, PATIENCE_MS, 50);
    const ended = assert.rejects(
      lockstep.run(),
      /it takes too long; dom0: last step the set-up; dom1: last step the set-up/,
    );
    while (Atomics.load(isHanging, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    lockstep.giveUp('it takes too long');
    await ended;
  });
});
