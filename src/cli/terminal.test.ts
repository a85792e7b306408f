import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../base/errors.js';
import { Terminal } from './terminal.js';

type Written = (error?: Error | null) => void;

/** An output that fails as it is told, or takes everything. */
function output(code?: string, rest: object = {}) {
  const taken: string[] = [];
  const made = {
    write(text: string, done?: Written) {
      taken.push(text);
      done?.(
        code === undefined ? null : Object.assign(new Error(code), { code, syscall: 'write' }),
      );
      return true;
    },
    on: () => made,
    ...rest,
  };
  return { made: made as never, taken };
}

describe('terminal', () => {
  it('colours on a terminal only, and never against NO_COLOR or a dumb terminal', () => {
    const colour = (isTTY: boolean, environment: Record<string, string>): boolean =>
      new Terminal(output(undefined, { isTTY }).made, output().made, environment).colour;
    assert.equal(colour(true, {}), true);
    assert.equal(colour(false, {}), false);
    assert.equal(colour(true, { NO_COLOR: '1' }), false);
    assert.equal(colour(true, { NO_COLOR: '' }), true);
    assert.equal(colour(true, { TERM: 'dumb' }), false);
  });

  it('takes the width of the terminal, and a usual one where there is none to be known', () => {
    const width = (rest: object, environment: Record<string, string> = {}): number =>
      new Terminal(output(undefined, rest).made, output().made, environment).width;
    assert.equal(width({ columns: 90 }), 90);
    assert.equal(width({ columns: 0 }), 120);
    assert.equal(width({}), 120);
    assert.equal(width({}, { COLUMNS: '70' }), 70);
    assert.equal(width({ columns: 90 }, { COLUMNS: '70' }), 90);
    for (const COLUMNS of ['', '0', '-1', 'wide', '1e9']) assert.equal(width({}, { COLUMNS }), 120);
  });

  it('drops what it prints when the reader is gone, without a word', async () => {
    const { made, taken } = output('EPIPE');
    const terminal = new Terminal(made, output().made, {});
    await terminal.print('one');
    await terminal.print('two');
    assert.equal(terminal.readerIsGone, true);
    assert.deepEqual(taken, ['one']);
  });

  it('says why when the system refuses', async () => {
    const terminal = new Terminal(output('ENOSPC').made, output().made, {});
    await assert.rejects(terminal.print('one'), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, 'cannot write standard output: the disk is full (ENOSPC)');
      return true;
    });
  });

  it('keeps notes to itself when it shall be quiet, and complains all the same', () => {
    const { made, taken } = output();
    const terminal = new Terminal(output().made, made, {});
    terminal.quiet = true;
    terminal.note('by the way');
    terminal.complain('it is broken');
    assert.deepEqual(taken, ['it is broken\n']);
  });
});
