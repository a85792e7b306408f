import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findProfile } from './index.js';
import { PRICE_NAMES } from './price-list.js';
import { parseProfile } from './user-profile.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const text = readFileSync(join(root, 'docs', 'cost-model.md'), 'utf8');

describe('docs/cost-model.md', () => {
  it('has the tables that follow from the profiles as they are', () => {
    const script = join(root, 'scripts', 'cost-tables.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });

  it('explains every price', () => {
    for (const name of PRICE_NAMES) assert.ok(text.includes(`\n| \`${name}\` | `), name);
  });

  it("shows a user's own profile that works", () => {
    const example = /```json\n([^`]*)```/.exec(text)?.[1];
    assert.ok(example);
    const profile = parseProfile(example, 'docs/cost-model.md');
    assert.equal(profile.name, 'my-xeon');
    assert.equal(profile.prices.evtchnSend.confidence, 'measured');
    assert.deepEqual(profile.prices.ipi, findProfile('skylake-2017')?.prices.ipi);
  });
});
