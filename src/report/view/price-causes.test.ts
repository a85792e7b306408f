import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRICE_LIST } from '../../profiles/price-list.js';
import type { ProfileRecord } from '../../results/types.js';
import { causesOfPrice, certaintyOf, pricesOf } from './price-causes.js';

const price = (confidence: 'measured' | 'estimate', high = 2) => ({
  value: 1,
  low: 1,
  high,
  unit: 'ns',
  source: 'test',
  confidence,
});

const profile = (prices: ProfileRecord['prices']): ProfileRecord => ({
  name: 'p',
  description: '',
  clockHz: 1e9,
  features: {},
  prices,
});

test('the table of causes contradicts the list of prices nowhere', () => {
  let known = 0;
  for (const [name, { causes }] of Object.entries(PRICE_LIST)) {
    const mine = causesOfPrice(name, price('measured'));
    if (mine.length === 0) continue;
    known++;
    assert.deepEqual(mine, causes, name);
  }
  assert.ok(known > 40);
});

test('causes that a results file states itself have the last word', () => {
  const stated = { ...price('measured'), causes: ['tlb'] };
  assert.deepEqual(causesOfPrice('vmexit', stated), ['tlb']);
  assert.deepEqual(causesOfPrice('constructor', price('measured')), []);
});

test('a cause is estimated when all its prices are, partly when some are', () => {
  const mixed = profile({ copyL1: price('measured'), copyDram: price('estimate') });
  assert.equal(certaintyOf(mixed, 'copy'), 'partly-estimated');
  assert.equal(certaintyOf(profile({ copyL1: price('estimate') }), 'copy'), 'estimated');
  assert.equal(certaintyOf(profile({ copyL1: price('measured') }), 'copy'), 'known');
});

test('a price of zero is not in anything', () => {
  const free = profile({ mitigationEntry: { ...price('estimate', 0), value: 0, low: 0 } });
  assert.deepEqual(pricesOf(free, 'hypervisor-entry'), []);
});
