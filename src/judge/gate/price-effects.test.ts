import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PRICE_LIST, PRICE_NAMES } from '../../profiles/price-list.js';
import { priceEffect } from './price-effects.js';

it('every price has its effects, under all causes that the list of prices names', () => {
  for (const name of PRICE_NAMES) {
    const effect = priceEffect(name);
    assert.ok(effect, `${name} is missing`);
    for (const cause of PRICE_LIST[name].causes) {
      assert.ok(effect.causes.includes(cause), `${name}: ${cause} is missing`);
    }
    assert.equal(effect.count === undefined, effect.counted === undefined, name);
  }
});

it('a price that nobody knows has none', () => {
  assert.equal(priceEffect('nothing'), undefined);
  assert.equal(priceEffect('constructor'), undefined);
});
