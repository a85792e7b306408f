import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkline, type TerminalTable, terminalTable, wrapText } from './terminal-table.js';

const table: TerminalTable = {
  title: 'Bulk stream',
  head: ['Ring', 'v4v', 'libvchan'],
  keys: 1,
  rows: [
    [{ text: '4 KiB' }, { text: '58 MiB/s' }, { text: '165 MiB/s', best: true }],
    [{ text: '64 KiB' }, { text: '1500 MiB/s', best: true }, { text: '2 MiB/s' }],
  ],
  foot: [[{ text: 'geomean' }, { text: '295 MiB/s' }, { text: '18 MiB/s' }]],
};

test('columns are aligned, the best of each row is starred, and digits stand in line', () => {
  assert.equal(
    terminalTable(table, 80, false),
    [
      'Bulk stream',
      'Ring            v4v     libvchan',
      '-------  ------------  -----------',
      '4 KiB      58 MiB/s    165 MiB/s *',
      '64 KiB   1500 MiB/s *    2 MiB/s',
      '-------  ------------  -----------',
      'geomean   295 MiB/s     18 MiB/s',
      '',
    ].join('\n'),
  );
});

test('there is no colour unless asked for', () => {
  assert.ok(!terminalTable(table, 80, false).includes('\u001b'));
  assert.ok(terminalTable(table, 80, true).includes('\u001b[1m165 MiB/s *\u001b[0m'));
});

test('a table that is too wide goes on in blocks that repeat the keys', () => {
  const narrow = terminalTable(table, 24, false);
  for (const line of narrow.split('\n')) assert.ok([...line].length <= 24, line);
  assert.equal(narrow.match(/^64 KiB/gm)?.length, 2);
});

test('names that would steer the terminal are defused', () => {
  const evil = terminalTable(
    { ...table, title: 'a\u001b[2Jb\nc\u202e', rows: [], foot: [] },
    80,
    false,
  );
  assert.ok(evil.startsWith('a\ufffd[2Jb\ufffdc\ufffd\n'));
});

test('a sparkline shows the course, and a gap as a gap', () => {
  assert.equal(sparkline([0, 1, undefined, 9]), '▁▁ █');
  assert.equal(sparkline([5, 5]), '▅▅');
});

test('paragraphs are wrapped and go on indented', () => {
  assert.equal(wrapText('one two three', 8), 'one two\n  three');
});
