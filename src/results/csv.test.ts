import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { cellsToCsv } from './csv.js';
import { sampleCell } from './sample-results.js';

/** A reader of its own (RFC 4180), so that the writer is not checked by itself. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/gy;
  for (const [, quoted, plain, end] of text.matchAll(field)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

function asRecords(text: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(text);
  return rows.map((row) => {
    assert.equal(row.length, header.length);
    return Object.fromEntries(header.map((name, i) => [name, row[i] as string]));
  });
}

test('one row a cell and metric, with unit and provenance', () => {
  const [first, second, ...rest] = asRecords(cellsToCsv([sampleCell()]));
  assert.equal(rest.length, 0);
  assert.deepEqual(first, {
    id: sampleCell().id,
    testbed: 'model',
    profile: 'sample',
    transport: 'libvchan',
    scenario: 'stream',
    verdict: 'valid',
    reason: '',
    ringSizeBytes: '65536',
    messageSizeBytes: '4096',
    guestType: 'pvh',
    seed: '1',
    effectiveRingSizeBytes: '65536',
    metric: 'bytesPerSecond',
    value: '1234567890.5',
    unit: 'B/s',
    better: 'higher',
    assume: 'exact',
    determinedBy: 'schedule',
    intervalLow: '1000000000',
    intervalHigh: '2000000000',
  });
  assert.equal(second?.['metric'], 'hypercallsPerMessage');
});

test('a skipped cell has a row with its reason and no figure', () => {
  const skipped = sampleCell({}, { verdict: 'skipped', reason: 'ring, too large', metrics: {} });
  const [row] = asRecords(cellsToCsv([skipped]));
  assert.deepEqual(
    [row?.['verdict'], row?.['reason'], row?.['metric'], row?.['value']],
    ['skipped', 'ring, too large', '', ''],
  );
});

test('every parameter that occurs has a column, empty where a cell lacks it', () => {
  const rows = asRecords(cellsToCsv([sampleCell({ blocking: false }), sampleCell({ depth: -2 })]));
  assert.deepEqual(
    rows.map((row) => [row['blocking'], row['depth']]),
    [
      ['false', ''],
      ['false', ''],
      ['', '-2'],
      ['', '-2'],
    ],
  );
});

test('a parameter named like a column does not hide it', () => {
  const [row] = asRecords(cellsToCsv([sampleCell({ value: 7, toString: 1 })]));
  assert.deepEqual(
    [row?.['parameter.value'], row?.['value'], row?.['toString']],
    ['7', '1234567890.5', '1'],
  );
});

test('text that a spreadsheet would run is prefixed, numbers are not', () => {
  const cell = sampleCell(
    { note: '=HYPERLINK("http://x")', offset: -5 },
    { verdict: 'invalid', reason: '@SUM(1)', metrics: {} },
  );
  const [row] = asRecords(cellsToCsv([cell]));
  assert.deepEqual(
    [row?.['note'], row?.['offset'], row?.['reason']],
    ['\'=HYPERLINK("http://x")', '-5', "'@SUM(1)"],
  );
});

test('no cells give the header alone', () => {
  assert.equal(readCsv(cellsToCsv([])).length, 1);
});

test('any text and number comes back', () => {
  const safe = fc
    .string({ unit: 'binary' })
    .filter((text) => !/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text));
  fc.assert(
    fc.property(safe, fc.double({ noNaN: true, noDefaultInfinity: true }), (reason, value) => {
      const cell = sampleCell(
        {},
        {
          reason,
          metrics: { m: { value, unit: '1', better: 'none', assume: 'exact' } },
        },
      );
      const [row] = asRecords(cellsToCsv([cell]));
      assert.equal(row?.['reason'], reason);
      assert.equal(Number(row?.['value']), value + 0);
    }),
    runs(100),
  );
});
