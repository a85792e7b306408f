import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PRICE_NAMES } from '../../profiles/price-list.js';
import { PRICES_COUNTED, priceCount } from './price-counts.js';

it('what is counted are prices that there are', () => {
  for (const name of PRICES_COUNTED)
    assert.ok((PRICE_NAMES as readonly string[]).includes(name), name);
});

it('a price that nobody knows is not counted', () => {
  assert.equal(priceCount('nothing'), undefined);
  assert.equal(priceCount('constructor'), undefined);
});
