import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation, invariant, UserError } from './errors.js';

describe('invariant', () => {
  it('is silent while the condition holds', () => {
    invariant(true, 'never shown');
  });

  it('shows the values that broke it', () => {
    assert.throws(
      () => invariant(1 > 2, 'one is not more than two', { one: 1, two: '2', none: undefined }),
      (error: Error) =>
        error instanceof InvariantViolation &&
        error.message === 'one is not more than two (one=1 two=2 none=undefined)' &&
        error.values['one'] === 1,
    );
    assert.throws(() => invariant(false, 'plain'), {
      message: 'plain',
      name: 'InvariantViolation',
    });
  });
});

describe('UserError', () => {
  it('carries place, remedy and cause', () => {
    const cause = new Error('deeper');
    const error = new UserError('wrong', { where: '--seed', remedy: 'give a number', cause });
    assert.deepEqual(
      [error.name, error.message, error.where, error.remedy, error.cause],
      ['UserError', 'wrong', '--seed', 'give a number', cause],
    );
    assert.equal(new UserError('wrong').where, undefined);
  });
});
