import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textTable, wrapped } from './text-table.js';

describe('text tables', () => {
  it('align their columns and wrap the last one', () => {
    const table = textTable(
      ['name', 'meaning'],
      [
        ['a', 'one two three four five six seven eight'],
        ['long name', ''],
      ],
      40,
    );
    assert.deepEqual(table.split('\n'), [
      'name       meaning',
      `---------  ${'-'.repeat(30)}`,
      'a          one two three four five six',
      '           seven eight',
      'long name',
      '',
    ]);
  });

  it('leave a word whole that is longer than the line', () => {
    assert.deepEqual(wrapped('a verylongword b', 5), ['a', 'verylongword', 'b']);
    assert.deepEqual(wrapped('', 5), ['']);
  });
});
