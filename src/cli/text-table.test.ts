import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textTable, wrapped } from './text-table.js';

describe('text tables', () => {
  it('align their columns, and wrap where they are too wide', () => {
    const rows = [
      ['a', 'one two three four five six seven eight'],
      ['long name', ''],
    ];
    assert.deepEqual(textTable(['name', 'meaning'], rows, 40).split('\n'), [
      'name       meaning',
      `---------  ${'-'.repeat(27)}`,
      'a          one two three four five six',
      '           seven eight',
      'long name',
      '',
    ]);
    assert.match(textTable(['name', 'meaning'], rows, 80), /six seven eight\n/);
  });

  it('wrap the widest column first, whichever it is, and break no word', () => {
    const settings = 'connectTimeoutMs, coalesceBytes, notifyPolicy';
    assert.deepEqual(
      textTable(['', 'what it takes', 'says'], [['v4v', settings, 'Argo']], 32).split('\n'),
      [
        '     what it takes      says',
        '---  -----------------  ----',
        'v4v  connectTimeoutMs,  Argo',
        '     coalesceBytes,',
        '     notifyPolicy',
        '',
      ],
    );
  });

  it('where even words are too wide, wrap the last column alone', () => {
    const rows = [['one change', 'x'.repeat(40), 'so']];
    assert.deepEqual(textTable(['what it is', 'id', 'says'], rows, 40).split('\n').slice(2), [
      `one change  ${'x'.repeat(40)}  so`,
      '',
    ]);
  });

  it('leave a word whole that is longer than the line', () => {
    assert.deepEqual(wrapped('a verylongword b', 5), ['a', 'verylongword', 'b']);
    assert.deepEqual(wrapped('', 5), ['']);
  });
});
