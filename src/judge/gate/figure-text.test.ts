import assert from 'node:assert/strict';
import { it } from 'node:test';
import { changeText, differenceText, figureText, plain, shareText } from './figure-text.js';

it('shows both values of a change in one unit, with digits enough to tell them apart', () => {
  assert.equal(changeText(12_437.764, 12_628.2, 'ns'), '12.44 -> 12.63 us');
  assert.equal(changeText(12_437.764, 12_437.765, 'ns'), '12.437764 -> 12.437765 us');
  assert.equal(changeText(999, 1001, 'ns'), '0.999 -> 1.001 us');
  assert.equal(changeText(0, 2, '1'), '0 -> 2');
  assert.equal(changeText(1024 * 1024, 2 * 1024 * 1024, 'B/s'), '1 -> 2 MiB/s');
  assert.equal(changeText(3, 4, 'ns/B'), '3 -> 4 ns/B');
  assert.equal(changeText(1, 1 + Number.EPSILON, '1'), '1 -> 1.0000000000000002');
});

it('shows differences and shares with their signs', () => {
  assert.equal(differenceText(190.4, 'ns'), '+190 ns');
  assert.equal(differenceText(-2, '1'), '-2');
  assert.equal(shareText(0.0153), '+1.53 %');
  assert.equal(shareText(-0.5), '-50 %');
  assert.equal(shareText(11), '12-fold');
  assert.equal(shareText(Number.POSITIVE_INFINITY), '');
});

it('shows figures in the unit that suits them', () => {
  assert.equal(figureText(1_234_567, 'ns'), '1.235 ms');
  assert.equal(figureText(0, 'ns'), '0 ns');
  assert.equal(plain(0.000_012_345, 3), '0.0000123');
  assert.equal(plain(1e-9, 3), '1e-9');
});
