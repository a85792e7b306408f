import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliffsOf, flipsAlong, isEstablished, resultAt, slotsOf, tally } from './standings.js';
import type { Sweep, SweepPoint } from './sweep.js';

const point = (place: number, value: number, ...others: readonly number[]): SweepPoint => {
  const all = [value, ...others];
  return {
    x: place,
    place,
    value,
    low: Math.min(...all),
    high: Math.max(...all),
    byReplicate: new Map(all.map((v, seed) => [String(seed), v])),
    cells: [],
  };
};

const sweep = (
  lines: Readonly<Record<string, readonly SweepPoint[]>>,
  better: 'lower' | 'higher' = 'higher',
): Sweep => ({
  scenario: 's',
  metric: 'm',
  unit: 'B/s',
  better,
  xKey: 'ringSizeBytes',
  panelKey: undefined,
  variantKeys: [],
  panels: [
    {
      value: undefined,
      series: Object.entries(lines).map(([transport, points]) => ({
        transport,
        competitor: transport,
        variant: '',
        points,
      })),
    },
  ],
  sizeSpread: 0,
  cells: [],
});

test('the lead flips where one overtakes another, and a newcomer overtakes nobody', () => {
  const crossing = sweep({
    a: [point(1, 10), point(2, 20), point(4, 30)],
    b: [point(1, 8), point(2, 25), point(4, 40)],
    c: [point(4, 90)],
  });
  assert.deepEqual(flipsAlong(crossing, slotsOf(crossing)), [
    { from: 1, to: 2, before: 'a', after: 'b' },
  ]);
});

test('a difference below one percent is a draw, and keeps the leader', () => {
  const close = sweep({
    a: [point(1, 100), point(2, 100), point(4, 100)],
    b: [point(1, 90), point(2, 100.5), point(4, 90)],
  });
  assert.deepEqual(
    slotsOf(close).map((slot) => resultAt(close, slot).leader),
    ['a', undefined, 'a'],
  );
  assert.deepEqual(flipsAlong(close, slotsOf(close)), []);
  assert.deepEqual(tally(close, slotsOf(close)), {
    compared: 3,
    draws: 1,
    leads: new Map([['a', 2]]),
  });
});

test('ranges that overlap establish nothing unless the pairs agree', () => {
  assert.equal(
    isEstablished({ better: 'higher' }, point(1, 110, 90, 130), point(1, 100, 95, 105)),
    false,
  );
  assert.equal(
    isEstablished({ better: 'higher' }, point(1, 110, 90, 130), point(1, 100, 80, 120)),
    true,
  );
});

test('of what was sampled once nobody leads', () => {
  const once = { ...point(1, 110), isOneSample: true };
  assert.equal(isEstablished({ better: 'higher' }, once, point(1, 10)), false);
  assert.equal(isEstablished({ better: 'higher' }, point(1, 200), once), false);
});

test('for latencies the lowest leads', () => {
  const latency = sweep({ a: [point(1, 10)], b: [point(1, 20)] }, 'lower');
  const [slot] = slotsOf(latency);
  assert.ok(slot);
  assert.equal(resultAt(latency, slot).leader, 'a');
});

test('a fall of a fifth is a cliff, a slow decline is none', () => {
  const falling = sweep({ a: [point(1, 100), point(2, 95), point(4, 70), point(8, 68)] });
  const [panel] = falling.panels;
  assert.ok(panel);
  assert.deepEqual(
    cliffsOf(falling, panel).map((cliff) => cliff.x),
    [4],
  );
});
