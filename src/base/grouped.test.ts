import assert from 'node:assert/strict';
import { it } from 'node:test';
import { grouped } from './grouped.js';

it('puts together what has the same key, groups and members in the order in which they come', () => {
  const groups = grouped(['bb', 'a', 'cc', 'd'], (text) => text.length);
  assert.deepEqual(
    [...groups],
    [
      [2, ['bb', 'cc']],
      [1, ['a', 'd']],
    ],
  );
});
