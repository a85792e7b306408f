import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ProfileRecord } from '../results/types.js';
import { PROFILES } from './index.js';
import { PRICE_LIST, type PriceName } from './price-list.js';
import { profileRecord } from './record.js';
import { parseProfile } from './user-profile.js';

it('a profile is recorded in full, and fits the results file', () => {
  for (const profile of PROFILES) {
    const record: ProfileRecord = profileRecord(profile);
    for (const [name, price] of Object.entries(record.prices)) {
      const { causes, ...rest } = price;
      assert.deepEqual(causes, PRICE_LIST[name as PriceName].causes);
      assert.deepEqual(rest, profile.prices[name as PriceName]);
    }
    assert.deepEqual(record.features, profile.features);
  }
});

it('a record taken out of a results file is a complete profile again', () => {
  for (const profile of PROFILES) {
    const text = JSON.stringify({ ...profileRecord(profile), name: 'taken-out' });
    assert.deepEqual(parseProfile(text, 'p.json'), { ...profile, name: 'taken-out' });
  }
});
