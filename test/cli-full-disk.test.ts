import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { callProgram, type Said } from './cli/in-process.js';
import { cellsText } from './cli/results-text.js';
import { temporaryFolder } from './cli/spawn-program.js';

/**
 * A disk that is full from a certain write on, for every write there is: stands in for a real one, which only who may mount
 * has (cli-full-disk.long.test.ts).
 */

const real = { writeSync: fs.writeSync, writeFileSync: fs.writeFileSync };

/** Carries out something while the disk takes so many writes more. @returns whether it was full */
async function withRoomFor<T>(
  writes: number,
  action: () => Promise<T>,
): Promise<{ readonly said: T; readonly wasFull: boolean }> {
  let left = writes;
  let wasFull = false;
  const limited =
    (write: (...given: unknown[]) => unknown, syscall: string) =>
    (...given: unknown[]): unknown => {
      if (left-- > 0) return write(...given);
      wasFull = true;
      const message = `ENOSPC: no space left on device, ${syscall}`;
      throw Object.assign(new Error(message), { code: 'ENOSPC', errno: -28, syscall });
    };
  Object.assign(fs, {
    writeSync: limited(real.writeSync as never, 'write'),
    writeFileSync: limited(real.writeFileSync as never, 'write'),
  });
  syncBuiltinESMExports();
  try {
    return { said: await action(), wasFull };
  } finally {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
}

const RUN = [
  ...['run', 'stream', '-t', 'libvchan', '--ring-size', '4k,8k', '--message-size', '512'],
  ...['--messages', '100', '--no-harness', '--quiet', '--output', 'r.json'],
];
const saysFull = ({ code, stderr }: Said): void => {
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^interdom: cannot write [\w./-]+: the disk is full \(ENOSPC\)\n {2}in /);
  assert.match(stderr, /\n {2}try: free some space, or name another place/);
};

describe('a disk that is full at some write', () => {
  it('of a run leaves what --resume finishes, or nothing', async () => {
    const whole = temporaryFolder();
    assert.equal((await callProgram(RUN, { cwd: whole })).code, 0);
    for (let writes = 0; ; writes++) {
      const cwd = temporaryFolder();
      const { said, wasFull } = await withRoomFor(writes, () => callProgram(RUN, { cwd }));
      if (!wasFull) {
        assert.ok(writes >= 4, 'a header, two cells and the results are written');
        break;
      }
      saysFull(said);
      const again = existsSync(join(cwd, 'r.ndjson'))
        ? ['run', '--resume', 'r.ndjson', '--no-harness', '--quiet']
        : RUN;
      const { code, stderr } = await callProgram(again, { cwd });
      assert.equal(code, 0, stderr);
      assert.equal(cellsText(join(cwd, 'r.json')), cellsText(join(whole, 'r.json')));
      assert.deepEqual(readdirSync(cwd), ['r.json']);
    }
  });

  it('of a report leaves the old one whole, and nothing half written', async () => {
    const cwd = temporaryFolder();
    assert.equal((await callProgram(RUN, { cwd })).code, 0);
    const report = ['report', 'r.json', '--out', 'out', '--quiet'];
    const out = join(cwd, 'out');
    mkdirSync(out);
    fs.writeFileSync(join(out, 'index.html'), 'old');
    // A quiet program prints nothing, so every write is one to the disk. Pictures take long: not every write is tried.
    for (const writes of [0, 1, 2, 3, 1000]) {
      const { said, wasFull } = await withRoomFor(writes, () => callProgram(report, { cwd }));
      assert.equal(wasFull, writes < 1000);
      if (wasFull) {
        saysFull(said);
        assert.equal(readFileSync(join(out, 'index.html'), 'utf8'), 'old');
      } else assert.equal(said.code, 0, said.stderr);
      assert.deepEqual(
        readdirSync(out).filter((name) => name.endsWith('.tmp')),
        [],
      );
    }
    assert.match(readFileSync(join(out, 'index.html'), 'utf8'), /^<!doctype html>/);
  });
});
