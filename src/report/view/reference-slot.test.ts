import assert from 'node:assert/strict';
import { it } from 'node:test';
import { placeText } from './reference-slot.js';

it('a place is said with the article that its number is read with', () => {
  const ring = (bytes: number): string => placeText('ringSizeBytes', bytes);
  assert.equal(ring(8192), 'an 8 KiB ring');
  assert.equal(ring(18 * 1024), 'an 18 KiB ring');
  assert.equal(ring(4096), 'a 4 KiB ring');
  assert.equal(ring(128 * 1024), 'a 128 KiB ring');
  assert.equal(ring(180 * 1024), 'a 180 KiB ring');
  assert.equal(placeText('observeMs', 5), 'observeMs 5');
});
