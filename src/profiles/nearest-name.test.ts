import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestName } from './nearest-name.js';
import { PRICE_NAMES } from './price-list.js';

describe('nearestName', () => {
  it('finds what was meant', () => {
    assert.equal(nearestName('vmexti', PRICE_NAMES), 'vmexit');
    assert.equal(nearestName('hypercal', PRICE_NAMES), 'hypercall');
    assert.equal(nearestName('Cr3write', PRICE_NAMES), 'cr3Write');
    assert.equal(nearestName('copyDRAM', PRICE_NAMES), 'copyDram');
    assert.equal(nearestName('skylake2017', ['skylake-2017', 'icelake-2021']), 'skylake-2017');
  });
  it('prefers the name with the fewest faults', () => {
    assert.equal(nearestName('copyL2', ['copyL1', 'copyL2', 'copyL3']), 'copyL2');
  });
  it('guesses nothing that is far away', () => {
    assert.equal(nearestName('banana', PRICE_NAMES), undefined);
    assert.equal(nearestName('', PRICE_NAMES), undefined);
    assert.equal(nearestName('x'.repeat(100_000), PRICE_NAMES), undefined);
  });
});
