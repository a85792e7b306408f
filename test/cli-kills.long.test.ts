import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Prng } from '../src/base/prng.js';
import { ProgramCopy } from './cli/program-copy.js';
import { cellsText } from './cli/results-text.js';
import { temporaryFolder } from './cli/spawn-program.js';

const KILLS = 200;
const SEED = 20260131;
/** Longest life of a process before it is killed, in times of a whole run: so that some finish. */
const LONGEST_LIFE = 1.3;
const PLAN = [
  '--transport=v4v,libvchan,v2v',
  '--ring-size=4k,16k,64k',
  '--message-size=512,4k',
  '--seeds=2',
  '--messages=100',
  '--no-harness',
  '--jobs=1',
];

/** What a journal holds, by id of the cell: whole lines only. */
function journalled(path: string): ReadonlyMap<string, string> {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').split('\n').slice(1, -1);
  const cells = new Map<string, string>();
  for (const line of lines) {
    let id: string;
    try {
      ({ id } = JSON.parse(line) as { id: string });
    } catch {
      continue;
    }
    assert.ok(!cells.has(id), `the journal holds ${id} twice`);
    cells.set(id, line);
  }
  return cells;
}

describe('a run that is killed again and again', () => {
  it(`${KILLS} times at random moments: nothing is lost, nothing is there twice`, async (test) => {
    const prng = new Prng(SEED);
    const cwd = temporaryFolder();
    // A run is continued only by the program that began it, and others may build meanwhile.
    const program = new ProgramCopy(temporaryFolder());
    const journal = join(cwd, 'r.ndjson');
    const results = join(cwd, 'r.json');
    const startMs = performance.now();
    const whole = await program.run(['run', 'stream', ...PLAN, '--output=whole.json'], cwd);
    assert.equal(whole.code, 0, whole.stderr);
    const expected = cellsText(join(cwd, 'whole.json'));
    const longestMs = LONGEST_LIFE * (performance.now() - startMs);
    let kills = 0;
    let finished = 0;
    let tornEnds = 0;
    while (kills < KILLS) {
      // Killed before its first line was whole: the program says to remove it.
      if (existsSync(journal) && !readFileSync(journal).includes(0x0a)) rmSync(journal);
      const resumes = existsSync(journal);
      const words = resumes
        ? ['run', '--resume', 'r.ndjson', '--no-harness', '--jobs=1']
        : ['run', 'stream', ...PLAN, '--output=r.json'];
      const before = journalled(journal);
      const { child, ended } = program.start(words, cwd);
      const timer = setTimeout(() => child.kill('SIGKILL'), longestMs * prng.fraction());
      const { code, signal, stderr } = await ended;
      clearTimeout(timer);
      if (signal === 'SIGKILL') {
        kills++;
        // Killed when all was done already: the journal has gone, and the results are whole.
        if (!existsSync(journal) && existsSync(results)) {
          assert.equal(cellsText(results), expected);
          finished++;
          rmSync(results);
          continue;
        }
        const after = journalled(journal);
        for (const [id, line] of before) {
          assert.equal(after.get(id), line, `a kill lost ${id}, or changed it`);
        }
        if (existsSync(journal) && prng.below(3) === 0) tornEnds += tearEnd(journal, prng);
        continue;
      }
      assert.equal(code, 0, stderr);
      assert.equal(cellsText(results), expected);
      assert.ok(!existsSync(journal));
      finished++;
      rmSync(results);
    }
    // The last one, too, comes to its end.
    if (existsSync(journal)) {
      const { code, stderr } = await program.run(
        ['run', '--resume', 'r.ndjson', '--no-harness'],
        cwd,
      );
      assert.equal(code, 0, stderr);
      assert.equal(cellsText(results), expected);
    }
    test.diagnostic(
      `a whole run takes ${Math.round(longestMs / LONGEST_LIFE)} ms; ${kills} kills, ${tornEnds} torn ends, ${finished} runs finished between them`,
    );
    assert.ok(finished >= 5, `only ${finished} runs came to their end`);
  });
});

/**
 * As a power loss may leave it: what was written last is cut off somewhere. Never the first line,
 * which is on the disk before anything is measured.
 */
function tearEnd(journal: string, prng: Prng): number {
  const text = readFileSync(journal);
  const firstEnd = text.indexOf(0x0a) + 1;
  if (firstEnd === 0 || text.length === firstEnd) return 0;
  const most = Math.min(text.length - firstEnd, 6000);
  truncateSync(journal, statSync(journal).size - 1 - prng.below(most));
  return 1;
}
