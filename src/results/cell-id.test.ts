import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { cellId, orderedParameterNames, parseCellId } from './cell-id.js';

const place = {
  testbed: 'model',
  profile: 'skylake-2017',
  transport: 'libvchan',
  scenario: 'stream',
};

test('an id names ring and message size first and the rest in alphabetical order', () => {
  const parameters = {
    seed: 1,
    messageSizeBytes: 4096,
    guestType: 'pv:pvh',
    ringSizeBytes: 65_536,
    blocking: true,
  };
  assert.equal(
    cellId({ ...place, parameters }),
    'model/skylake-2017/libvchan/stream/ringSizeBytes=65536,messageSizeBytes=4096,blocking=true,guestType=pv:pvh,seed=1',
  );
});

test('an id without parameters ends with the scenario', () => {
  assert.equal(cellId({ ...place, parameters: {} }), 'model/skylake-2017/libvchan/stream');
});

test('characters that would blur the borders are encoded', () => {
  const id = cellId({ ...place, profile: 'my/own', parameters: { note: 'a=b, c\n100%' } });
  assert.equal(id, 'model/my%2Fown/libvchan/stream/note=a%3Db%2C%20c%0A100%25');
  assert.equal(parseCellId(id).profile, 'my/own');
  assert.equal(parseCellId(id).parameters.get('note'), 'a=b, c\n100%');
});

test('the order of names is total and lists each once', () => {
  assert.deepEqual(
    orderedParameterNames(['b', 'messageSizeBytes', 'a', 'B', 'ringSizeBytes', 'a']),
    ['ringSizeBytes', 'messageSizeBytes', 'B', 'a', 'b'],
  );
});

test('what is no id is refused with the reason', () => {
  assert.throws(() => parseCellId('model/x/y'), /is not a cell id/);
  assert.throws(() => parseCellId('a/b/c/d/e=1/f=2'), /is not a cell id/);
  assert.throws(() => parseCellId('a/b/c/d/e'), /"e" in .* is not name=value/);
  assert.throws(() => parseCellId('a/b/c/d/e=1,e=2'), /says e twice/);
  assert.throws(() => parseCellId('a/b/c/d/e=%zz'), /encodes nothing/);
  assert.throws(() => cellId({ ...place, parameters: { x: Number.NaN } }), /not finite \(name=x/);
});

const name = fc
  .string({ minLength: 1, maxLength: 12, unit: 'binary' })
  .filter((text) => text !== '__proto__');
const parameters = fc.dictionary(
  name,
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
);
const key = fc.record({
  testbed: name,
  profile: name,
  transport: name,
  scenario: name,
  parameters,
});

test('an id gives back all that went into it', () => {
  fc.assert(
    fc.property(key, (cell) => {
      const parsed = parseCellId(cellId(cell));
      assert.deepEqual(
        [parsed.testbed, parsed.profile, parsed.transport, parsed.scenario],
        [cell.testbed, cell.profile, cell.transport, cell.scenario],
      );
      assert.deepEqual(
        [...parsed.parameters].sort(([a], [b]) => (a < b ? -1 : 1)),
        Object.entries(cell.parameters)
          .map(([key, value]): [string, string] => [key, String(value)])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    }),
    runs(100),
  );
});

test('an id does not depend on the order in which parameters were set', () => {
  fc.assert(
    fc.property(key, (cell) => {
      const reversed = Object.fromEntries(Object.entries(cell.parameters).reverse());
      assert.equal(cellId({ ...cell, parameters: reversed }), cellId(cell));
    }),
    runs(100),
  );
});
