import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { CAUSES, COPY, GUEST_USER, HYPERVISOR_ENTRY, HYPERVISOR_WORK } from './causes.js';
import { ChargeLog, type OwedCharge } from './charge-log.js';

describe('ChargeLog', () => {
  it('takes back what lies behind a moment, in order, and cuts the charge in which it falls', () => {
    const log = new ChargeLog();
    log.add(GUEST_USER, 100);
    log.add(HYPERVISOR_ENTRY, 10);
    log.add(COPY, 50);
    log.add(HYPERVISOR_WORK, 0);
    const owed: OwedCharge[] = [];
    log.takeBack(75, owed);
    assert.deepEqual(owed, [
      { cause: GUEST_USER, ps: 15 },
      { cause: HYPERVISOR_ENTRY, ps: 10 },
      { cause: COPY, ps: 50 },
    ]);
    const rest: OwedCharge[] = [];
    log.takeBack(1000, rest);
    assert.deepEqual(rest, [{ cause: GUEST_USER, ps: 85 }], 'no more than there is');
  });

  it('takes back and leaves, in sum, what was charged', () => {
    const charge = fc.record({
      cause: fc.nat({ max: CAUSES.length - 1 }),
      ps: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 2 ** 31 - 1 })),
    });
    fc.assert(
      fc.property(
        fc.array(charge, { maxLength: 100, size: 'max' }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (charges, share) => {
          const log = new ChargeLog();
          const total = charges.reduce((sum, { ps }) => sum + ps, 0);
          for (const { cause, ps } of charges) log.add(cause, ps);
          const wanted = Math.floor(total * share);
          const [late, early]: [OwedCharge[], OwedCharge[]] = [[], []];
          log.takeBack(wanted, late);
          log.takeBack(total, early);
          const sum = (owed: readonly OwedCharge[]): number =>
            owed.reduce((all, { ps }) => all + ps, 0);
          assert.equal(sum(late), wanted);
          assert.equal(sum(early), total - wanted);
          const by = (owed: readonly OwedCharge[]): number[] => {
            const causes = new Array<number>(CAUSES.length).fill(0);
            for (const { cause, ps } of owed) causes[cause] = (causes[cause] as number) + ps;
            return causes;
          };
          assert.deepEqual(by([...early, ...late]), by(charges));
        },
      ),
      runs(100),
    );
  });

  it('knows whose code ran at a moment', () => {
    const log = new ChargeLog();
    log.add(GUEST_USER, 100);
    log.add(HYPERVISOR_ENTRY, 10);
    log.add(HYPERVISOR_WORK, 5);
    log.add(COPY, 50);
    const clock = 1165;
    for (const [timePs, inHypervisor] of [
      [1000, false],
      [1099, false],
      [1100, true],
      [1114, true],
      [1115, false],
      [1164, false],
      [900, false],
    ] as const) {
      assert.equal(log.inHypervisorAt(timePs, clock), inHypervisor, `${timePs}`);
    }
    log.clear();
    assert.equal(log.inHypervisorAt(1100, clock), false);
  });
});
