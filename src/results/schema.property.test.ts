import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { UserError } from '../base/errors.js';
import { sampleCell, sampleResults } from './sample-results.js';
import { parseResults } from './schema.js';
import { resultsText } from './store.js';
import type { Cell, MetricValue, ResultsFile } from './types.js';

const finite = fc.double({ noNaN: true, min: -1e30, max: 1e30 }).map((value) => value + 0);
const traps = ['__proto__', 'constructor', 'prototype'];
const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !traps.includes(text));
const parameters = fc.dictionary(
  name,
  fc.oneof(fc.string({ unit: 'binary' }), finite, fc.boolean()),
  { noNullPrototype: true },
);
const metric: fc.Arbitrary<MetricValue> = fc.record(
  {
    value: finite,
    unit: fc.constantFrom('ns', '1', 'B/s'),
    better: fc.constantFrom('lower' as const, 'higher' as const, 'none' as const),
    assume: fc.constantFrom('exact' as const, 'nothing' as const),
    determinedBy: fc.constantFrom('protocol' as const, 'schedule' as const),
    samples: fc.array(finite, { maxLength: 5 }),
    interval: fc.tuple(finite, finite).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a])),
  },
  { requiredKeys: ['value', 'unit', 'better', 'assume'], noNullPrototype: true },
);
const cell: fc.Arbitrary<Cell> = fc
  .tuple(
    parameters,
    fc.dictionary(name, metric, { noNullPrototype: true, maxKeys: 4 }),
    fc.constantFrom('valid' as const, 'invalid' as const, 'unknown' as const, 'skipped' as const),
    fc.string({ unit: 'binary' }),
  )
  .map(([own, metrics, verdict, reason]) => sampleCell(own, { metrics, verdict, reason }));
const results: fc.Arbitrary<ResultsFile> = fc
  .uniqueArray(cell, { selector: ({ id }) => id, maxLength: 4 })
  .map((cells) => ({ ...sampleResults(0), cells }));

test('whatever the types allow is written, read and written again to the same bytes', () => {
  fc.assert(
    fc.property(results, (file) => {
      const text = [...resultsText(file)].join('');
      const read = parseResults(text, 'run.json');
      assert.deepEqual(read, JSON.parse(JSON.stringify(file)));
      assert.equal([...resultsText(read)].join(''), text);
    }),
    runs(100),
  );
});

test('the bytes do not depend on the order in which fields were set', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, child]) => [key, reversed(child)]),
    );
  };
  fc.assert(
    fc.property(results, (file) => {
      const turned = reversed(file) as ResultsFile;
      assert.equal([...resultsText(turned)].join(''), [...resultsText(file)].join(''));
    }),
    runs(100),
  );
});

test('a file with one value replaced is read or refused as bad input, and nothing else happens', () => {
  const replacement = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(null, -1, 1e300, '', [], {}),
  );
  fc.assert(
    fc.property(fc.nat(), replacement, (choice, value) => {
      const document = JSON.parse(JSON.stringify(sampleResults(1))) as unknown;
      const places: [holder: Record<string, unknown>, key: string][] = [];
      const visit = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return;
        for (const [key, child] of Object.entries(node)) {
          places.push([node as Record<string, unknown>, key]);
          visit(child);
        }
      };
      visit(document);
      const [holder, key] = places[choice % places.length] as [Record<string, unknown>, string];
      holder[key] = value;
      try {
        parseResults(JSON.stringify(document), 'run.json');
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, /^\$/);
      }
    }),
    runs(200),
  );
});

test('any text at all is refused as bad input', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.throws(() => parseResults(text, 'run.json'), { name: 'UserError', where: 'run.json' });
    }),
    runs(100),
  );
});
