import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation, UserError } from '../base/errors.js';
import { MachineFailure } from '../testbed/xen/machine/emulator.js';
import { reportFault } from './fault-message.js';
import { Terminal } from './terminal.js';

/** The exit code for an error, and what is said of it. */
function report(error: unknown, verbose = false): { code: number; said: string } {
  let said = '';
  const output = {
    write: (text: string) => {
      said += text;
      return true;
    },
    on: () => output,
  };
  const terminal = new Terminal(output as never, output as never, {});
  return { code: reportFault(error, terminal, verbose), said };
}

describe('faults', () => {
  it('of the user are told with place and remedy, and exit with 2', () => {
    const error = new UserError('it is wrong', { where: 'here', remedy: 'make it right' });
    assert.deepEqual(report(error), {
      code: 2,
      said: 'interdom: it is wrong\n  in here\n  try: make it right\n',
    });
    assert.equal(report(new UserError('it is wrong')).said, 'interdom: it is wrong\n');
  });

  it('of an emulated machine are told with its last words, and exit with 6', () => {
    const { code, said } = report(new MachineFailure('not done within 9 s', 'last words'));
    assert.equal(code, 6);
    assert.match(said, /real Xen came to nothing: not done within 9 s\nlast words\n {2}try: /);
  });

  it('of the program are told as such, and exit with 1', () => {
    const error = new InvariantViolation('a sum is wrong', { sum: 3 });
    assert.deepEqual(report(error), {
      code: 1,
      said: 'interdom: internal error: InvariantViolation: a sum is wrong (sum=3)\n  try: --verbose shows where; please report it\n',
    });
    assert.match(report(error, true).said, /fault-message\.test\.js/);
    assert.equal(report('text').code, 1);
  });
});
