import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../test/property-runs.js';
import { ticksFor } from './axis-ticks.js';

test('bytes have ticks at powers of two, thinned when there is little room', () => {
  const axis = { title: '', scale: 'log', unit: 'B' } as const;
  assert.deepEqual(ticksFor(axis, 4096, 65_536, 8).labels, [
    '4 KiB',
    '8 KiB',
    '16 KiB',
    '32 KiB',
    '64 KiB',
  ]);
  assert.deepEqual(ticksFor(axis, 4096, 65_536, 3).labels, ['4 KiB', '16 KiB', '64 KiB']);
});

test('percentiles count nines', () => {
  const axis = { title: '', scale: 'log', unit: 'percentile' } as const;
  assert.deepEqual(ticksFor(axis, 2, 1000, 9).labels, ['50 %', '90 %', '99 %', '99.9 %']);
});

test('rates are labelled in one unit, which the title names', () => {
  const ticks = ticksFor({ title: '', scale: 'linear', unit: 'ns' }, 0, 3_000_000, 6);
  assert.equal(ticks.suffix, 'ms');
  assert.deepEqual(ticks.labels, ['0', '0.5', '1', '1.5', '2', '2.5', '3']);
});

test('whatever the range, ticks rise, lie inside the axis, and the axis holds the values', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('log' as const, 'linear' as const),
      fc.constantFrom('B', 'ns', 'B/s', '1', '1/s', 'ns/B'),
      fc.double({ min: 1e-9, max: 1e15, noNaN: true }),
      fc.double({ min: 1, max: 1e9, noNaN: true }),
      (scale, unit, min, ratio) => {
        const max = min * ratio;
        const ticks = ticksFor({ title: '', scale, unit }, min, max, 8);
        assert.ok(ticks.min <= min * 1.000001 || scale === 'linear');
        assert.ok(ticks.max >= max * 0.999999);
        assert.equal(ticks.values.length, ticks.labels.length);
        assert.ok(ticks.values.length <= 60, `${ticks.values.length} ticks`);
        ticks.values.forEach((value, i) => {
          assert.ok(value > (ticks.values[i - 1] ?? Number.NEGATIVE_INFINITY));
          assert.ok(value <= ticks.max * 1.000001);
        });
      },
    ),
    runs(100),
  );
});
