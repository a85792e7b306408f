import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortCommit } from './short-commit.js';

test('a short commit still says that files differed from it', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  assert.equal(shortCommit(commit), '0123456789ab');
  assert.equal(shortCommit(`${commit}-dirty`), '0123456789ab-dirty');
  assert.equal(shortCommit('0123abcd-dirty'), '0123abcd-dirty');
  assert.equal(shortCommit('v1.2'), 'v1.2');
  assert.equal(shortCommit(''), 'no commit');
});
