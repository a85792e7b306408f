import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../base/errors.js';
import { sampleCell, sampleResults } from './sample-results.js';
import { parseResults, resultsJsonSchema } from './schema.js';
import type { Cell } from './types.js';

type Json = Record<string, unknown>;

/** Expects a UserError that names the file and whose message matches. */
function refuses(text: string, reason: RegExp): void {
  assert.throws(
    () => parseResults(text, 'run.json'),
    (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.where, 'run.json');
      assert.ok((error.remedy ?? '') !== '');
      assert.match(error.message, reason);
      return true;
    },
  );
}

/** The sample as plain JSON, changed by hand. */
function changed(change: (document: Json, cell: Json, run: Json) => void): string {
  const document = JSON.parse(JSON.stringify(sampleResults())) as Json;
  const cells = document['cells'] as Json[];
  change(document, cells[1] as Json, document['run'] as Json);
  return JSON.stringify(document);
}

test('a results file comes back as it was', () => {
  const results = sampleResults();
  assert.deepEqual(parseResults(JSON.stringify(results), 'run.json'), results);
});

test('a byte-order mark and unknown fields are no fault', () => {
  const text = changed((document, cell, run) => {
    document['later'] = 1;
    cell['later'] = { nested: [] };
    run['later'] = true;
  });
  assert.equal(parseResults(`\ufeff${text}`, 'run.json').cells.length, 3);
});

test('another schema version is named, with what to do', () => {
  refuses(
    changed((document) => (document['schemaVersion'] = 2)),
    /\$\.schemaVersion is 2, .*version 1/,
  );
  refuses(
    changed((document) => (document['schemaVersion'] = '1')),
    /\$\.schemaVersion is "1"/,
  );
  refuses(
    changed((document) => delete document['schemaVersion']),
    /\$\.schemaVersion is missing/,
  );
  assert.throws(() => parseResults('{"schemaVersion":7}', 'x'), { remedy: 'use a newer interdom' });
});

const changes: [
  situation: string,
  change: (d: Json, cell: Json, run: Json) => void,
  reason: RegExp,
][] = [
  ['no run', (d) => delete d['run'], /^\$\.run is nothing, expected object/],
  ['no cells', (d) => delete d['cells'], /^\$\.cells is missing/],
  ['cells that are no array', (d) => (d['cells'] = {}), /^\$\.cells is not an array/],
  ['a missing field of the run', (_d, _c, run) => delete run['seed'], /^\$\.run\.seed is missing/],
  [
    'a seed that is no integer',
    (_d, _c, run) => (run['seed'] = 1.5),
    /^\$\.run\.seed is 1\.5, expected integer/,
  ],
  [
    'a local time',
    (_d, _c, run) => (run['startedAt'] = '31.1.2026'),
    /^\$\.run\.startedAt is "31\.1\.2026"/,
  ],
  [
    'a price without source',
    (_d, _c, run) =>
      (run['profiles'] = {
        p: {
          ...sampleProfile(run),
          prices: { exit: { value: 1, low: 1, high: 1, unit: 'ns', confidence: 'measured' } },
        },
      }),
    /^\$\.run\.profiles\.p\.prices\.exit\.source is missing/,
  ],
  [
    'a missing field of a cell',
    (_d, cell) => delete cell['verdict'],
    /^\$\.cells\[1\]\.verdict is missing \(in "model\/sample/,
  ],
  [
    'an unknown verdict',
    (_d, cell) => (cell['verdict'] = 'fine'),
    /^\$\.cells\[1\]\.verdict is "fine", expected "valid" or "invalid" or "unknown" or "skipped"/,
  ],
  [
    'text for a number',
    (_d, cell) => (metric(cell)['value'] = '12'),
    /^\$\.cells\[1\]\.metrics\.bytesPerSecond\.value is "12", expected a finite number/,
  ],
  [
    'null for a number',
    (_d, cell) => (metric(cell)['value'] = null),
    /value is null, expected a finite number/,
  ],
  [
    'half an interval',
    (_d, cell) => (metric(cell)['interval'] = [1]),
    /interval.* is an array of 1, expected/,
  ],
  [
    'a turned interval',
    (_d, cell) => (metric(cell)['interval'] = [2, 1]),
    /interval ends below its beginning/,
  ],
  [
    'an object as parameter',
    (_d, cell) => ((cell['parameters'] as Json)['x'] = {}),
    /parameters\.x is an object, expected string or number or boolean/,
  ],
  [
    'a huge name',
    (_d, cell) => ((cell['metrics'] as Json)['x'.repeat(201)] = metric(cell)),
    /is not a name that may stand here/,
  ],
  [
    'a control character in a name',
    (_d, cell) => ((cell['effective'] as Json)['a\u0000'] = 1),
    /\["a\\u0000"\] is not a name/,
  ],
  [
    'an enormous string',
    (_d, cell) => (cell['reason'] = 'x'.repeat(1_000_000)),
    /reason is too long: 1000000 characters/,
  ],
  [
    'a counter group of text',
    (_d, cell) => ((cell['counters'] as Json)['tlb'] = 'many'),
    /counters\.tlb is "many", expected object/,
  ],
  [
    'an own counter group of text',
    (_d, cell) => ((cell['counters'] as Json)['own'] = { a: 'b' }),
    /counters\.own\.a is "b"/,
  ],
  [
    'a count above 2^53',
    (_d, cell) => ((cell['trace'] as Json)['events'] = 1e18),
    /trace\.events is 1000000000000000000, expected/,
  ],
  [
    'an id of other fields',
    (_d, cell) => (cell['id'] = 'model/other'),
    /^\$\.cells\[1\]\.id is "model\/other", but the cell's own fields say/,
  ],
  [
    'the same cell twice',
    (d) => (d['cells'] = [sampleCell(), sampleCell()]),
    /^\$\.cells\[1\] repeats the id of \$\.cells\[0\]/,
  ],
  ['a cell that is null', (d) => (d['cells'] = [null]), /^\$\.cells\[0\] is null, expected object/],
  [
    'a cell that is an array',
    (d) => (d['cells'] = [[]]),
    /^\$\.cells\[0\] is an array of 0, expected object/,
  ],
];

function metric(cell: Json): Json {
  return (cell['metrics'] as Json)['bytesPerSecond'] as Json;
}

function sampleProfile(run: Json): Json {
  return (run['profiles'] as Json)['sample'] as Json;
}

for (const [situation, change, reason] of changes) {
  test(`a damaged file is refused with place and reason: ${situation}`, () => {
    refuses(changed(change), reason);
  });
}

test('numbers that JSON cannot say or a double cannot hold are refused with the place', () => {
  const text = changed((_d, cell) => (metric(cell)['value'] = 'HERE'));
  refuses(
    text.replace('"HERE"', '1e999'),
    /bytesPerSecond\.value is Infinity, expected a finite number/,
  );
  refuses(text.replace('"HERE"', 'NaN'), /not valid JSON: NaN is not JSON, at line 1, column \d+/);
});

test('a file that was cut off says where it ends', () => {
  const text = JSON.stringify(sampleResults(), null, 1);
  refuses(text.slice(0, 700), /not valid JSON: the text ends where .*, at line \d+, column \d+/);
  refuses('', /the text ends where a value should stand, at line 1, column 1/);
  assert.throws(() => parseResults(text.slice(0, 700), 'x'), { remedy: /cut off/ });
});

test('documents that are no object are refused', () => {
  refuses('[]', /^\$ is an array of 0, not an object/);
  refuses('null', /^\$ is null, not an object/);
  refuses('"x"', /^\$ is "x", not an object/);
});

test('too many cells are refused before any is looked at', () => {
  const cells = `[${'0,'.repeat(100_000)}0]`;
  const text = changed((document) => (document['cells'] = 'HERE')).replace('"HERE"', cells);
  refuses(text, /^\$\.cells holds 100001 cells; the limit is 100000/);
});

test('names that would reach into prototypes are refused wherever they stand', () => {
  const put = (place: string, name: string): string =>
    changed((document, cell) => {
      const target = place === '' ? document : place === 'cell' ? cell : (cell[place] as Json);
      target['HERE'] = place === 'metrics' ? metric(cell) : 1;
    }).replace('"HERE"', `"${name}"`);
  for (const place of ['', 'cell', 'metrics', 'parameters', 'effective', 'trace']) {
    refuses(put(place, '__proto__'), /has a field named __proto__/);
    refuses(put(place, '\\u005F_proto_\\u005f'), /has a field named __proto__/);
  }
  for (const place of ['metrics', 'parameters', 'effective']) {
    refuses(put(place, 'constructor'), /\.constructor is not a name that may stand here/);
  }
  assert.equal(({} as Json)['HERE'], undefined);
});

test('hostile nesting neither overflows the stack nor takes long', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const text = changed((document) => (document['deep'] = 'HERE')).replace('"HERE"', deep);
  assert.equal(parseResults(text, 'run.json').cells.length, 3);
  refuses(text.replace('"deep"', '"__proto__"'), /__proto__/);
});

test('the published schema is plain JSON and demands what the contract demands', () => {
  const schema = resultsJsonSchema() as {
    required: string[];
    properties: { cells: { items: { required: string[] } }; schemaVersion: { const: number } };
  };
  assert.deepEqual(schema.required, ['schemaVersion', 'run', 'cells']);
  assert.equal(schema.properties.schemaVersion.const, 1);
  const optional: (keyof Cell)[] = [
    'reason',
    'outcome',
    'histograms',
    'counters',
    'attributionNs',
    'trace',
  ];
  const sample = { ...sampleCell(), reason: '' };
  assert.deepEqual(
    [...schema.properties.cells.items.required].sort(),
    Object.keys(sample)
      .filter((name) => !optional.includes(name as keyof Cell))
      .sort(),
  );
});

test('ten thousand cells are read', () => {
  const text = JSON.stringify(sampleResults(10_000));
  assert.equal(parseResults(text, 'run.json').cells.length, 10_000);
});
