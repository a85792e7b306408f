import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../test/property-runs.js';
import { Installation } from '../installation.js';
import { Pattern } from './pattern.js';
import { testHardware } from './setting.js';

const guest = new Installation({
  hardware: testHardware('ept'),
  guests: [{ name: 'guest', type: 'pvh' }],
  placement: 'own',
  limits: 'default',
  seed: 1,
}).guest(0);
const BUFFER_BYTES = 6 * 4096;
const buffer = guest.domain.allocate(6);

const seed = fc.integer({ min: 0, max: 1e9 });
const position = fc.integer({ min: 0, max: 1e9 });
const length = fc.integer({ min: 1, max: BUFFER_BYTES });

describe('the pattern of the conformance suite', () => {
  it('finds nothing wrong with what it has placed', () => {
    fc.assert(
      fc.property(seed, position, length, (seed, position, length) => {
        const pattern = new Pattern(seed);
        pattern.place(guest, buffer, position, length);
        assert.equal(pattern.firstWrong(guest, buffer, position, length), -1);
      }),
      { ...runs(50), seed: 1 },
    );
  });

  it('finds the first byte that was changed', () => {
    fc.assert(
      fc.property(seed, position, length, fc.nat(), (seed, position, length, place) => {
        const pattern = new Pattern(seed);
        pattern.place(guest, buffer, position, length);
        const changed = place % length;
        const [byte] = guest.memory.peek(buffer + changed, 1) as unknown as [number];
        guest.memory.poke(buffer + changed, Uint8Array.of(byte ^ 1));
        assert.equal(pattern.firstWrong(guest, buffer, position, length), changed);
      }),
      { ...runs(50), seed: 1 },
    );
  });

  it('tells any two places of a stream apart, and so any two messages', () => {
    fc.assert(
      fc.property(seed, fc.nat(5000), fc.nat(5000), (seed, one, other) => {
        fc.pre(one !== other);
        const pattern = new Pattern(seed);
        pattern.place(guest, buffer, Pattern.positionOf(one), 64);
        const wrong = pattern.firstWrong(guest, buffer, Pattern.positionOf(other), 64);
        assert.ok(wrong >= 0 && wrong < 64);
      }),
      { ...runs(100), seed: 1 },
    );
  });
});
