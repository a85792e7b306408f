import assert from 'node:assert/strict';
import { it } from 'node:test';
import { figureTable } from './figure-table.js';

it('figures stand under their cell, each cell once and whole, however they are mixed', () => {
  const row = (cell: string, ...texts: string[]) => ({ cell, texts });
  assert.equal(
    figureTable(
      ['figure', 'runs', 'course'],
      [
        row('b/long/id', 'latencyNsP50', '4', 'up'),
        row('a', 'x', '12', 'down'),
        row('b/long/id', 'y', '4', 'up'),
      ],
    ),
    [
      '  figure        runs  course',
      'b/long/id',
      '  latencyNsP50  4     up',
      '  y             4     up',
      'a',
      '  x             12    down',
      '',
    ].join('\n'),
  );
});
