import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../../test/property-runs.js';
import { fitPerMessage, median, type ObservationPair } from './fit.js';

const whole = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });

describe('fitPerMessage', () => {
  it('finds what a message counts, whatever start and time add', () => {
    const cases = fc.record({
      perMessage: whole(40),
      perGuestMs: whole(5),
      starts: fc.array(whole(1000), { minLength: 1, maxLength: 5 }),
      messages: fc.integer({ min: 1, max: 500 }),
      msPerMessage: whole(3),
    });
    fc.assert(
      fc.property(cases, ({ perMessage, perGuestMs, starts, messages, msPerMessage }) => {
        const pairs = starts.map((start): ObservationPair => {
          const observe = (n: number) => {
            const guestMs = 7 + n * msPerMessage;
            return { messages: n, guestMs, count: start + n * perMessage + guestMs * perGuestMs };
          };
          return { shorter: observe(messages), longer: observe(messages * 2) };
        });
        const fit = fitPerMessage(pairs, perGuestMs);
        assert.equal(fit.perMessage, perMessage);
        assert.deepEqual([fit.low, fit.high], [perMessage, perMessage]);
      }),
      runs(100),
    );
  });

  it('is not moved by one pair that was disturbed', () => {
    const pair = (count: number): ObservationPair => ({
      shorter: { messages: 100, guestMs: 1, count: 200 },
      longer: { messages: 200, guestMs: 2, count },
    });
    const fit = fitPerMessage([pair(400), pair(9000), pair(400)], 0);
    assert.equal(fit.perMessage, 2);
    assert.equal(fit.high, 88);
  });

  it('refuses windows that do not differ in messages', () => {
    const same = { messages: 5, guestMs: 1, count: 1 };
    assert.throws(() => fitPerMessage([{ shorter: same, longer: same }], 0), RangeError);
    assert.throws(() => fitPerMessage([], 0), RangeError);
  });
});

describe('median', () => {
  it('has as many values below as above', () => {
    fc.assert(
      fc.property(fc.array(whole(1000), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        assert.ok(below <= values.length / 2 && above <= values.length / 2);
      }),
      runs(100),
    );
  });
});
