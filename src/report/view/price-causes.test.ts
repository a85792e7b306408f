import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfileRecord } from '../../results/types.js';
import { certaintyOf, pricesOf } from './price-causes.js';

const price = (confidence: 'measured' | 'estimate', cause: string, high = 2) => ({
  value: 1,
  low: 1,
  high,
  unit: 'ns',
  source: 'test',
  confidence,
  causes: [cause],
});

const profile = (prices: ProfileRecord['prices']): ProfileRecord => ({
  name: 'p',
  description: '',
  clockHz: 1e9,
  features: {},
  prices,
});

test('a cause is estimated when all its prices are, partly when some are', () => {
  const known = price('measured', 'copy');
  const guess = price('estimate', 'copy');
  assert.equal(certaintyOf(profile({ a: known, b: guess }), 'copy'), 'partly-estimated');
  assert.equal(certaintyOf(profile({ a: guess }), 'copy'), 'estimated');
  assert.equal(certaintyOf(profile({ a: known }), 'copy'), 'known');
});

test('a price is counted under the causes that the results file states, and no others', () => {
  const prices = profile({ a: price('measured', 'tlb') });
  assert.deepEqual(
    pricesOf(prices, 'tlb').map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(pricesOf(prices, 'copy'), []);
});

test('a price of zero is not in anything', () => {
  const free = profile({ a: { ...price('estimate', 'hypervisor-entry', 0), value: 0, low: 0 } });
  assert.deepEqual(pricesOf(free, 'hypervisor-entry'), []);
});
