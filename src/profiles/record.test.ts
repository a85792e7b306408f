import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ProfileRecord } from '../results/types.js';
import { PROFILES } from './index.js';
import { profileRecord } from './record.js';
import { parseProfile } from './user-profile.js';

it('a profile is recorded in full, and fits the results file', () => {
  for (const profile of PROFILES) {
    const record: ProfileRecord = profileRecord(profile);
    assert.deepEqual(JSON.parse(JSON.stringify(record)), JSON.parse(JSON.stringify(profile)));
  }
});

it('a record taken out of a results file is a complete profile again', () => {
  for (const profile of PROFILES) {
    const text = JSON.stringify({ ...profileRecord(profile), name: 'taken-out' });
    assert.deepEqual(parseProfile(text, 'p.json'), { ...profile, name: 'taken-out' });
  }
});
