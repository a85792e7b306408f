import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProfile } from '../../profiles/index.js';
import { type Profile, priceTable } from '../../profiles/profile.js';
import { Installation } from '../../transport/installation.js';
import { PAGE_SHIFT } from '../../xen/memory.js';
import { CanaryPages } from '../faults/canary-pages.js';
import { History } from '../faults/history.js';
import { allOf } from './all-of.js';
import { checkDelivery, duplicatedMessages, lostMessages } from './delivery.js';
import { checkIsolation, exposure } from './isolation.js';
import { checkLeaks } from './leaks.js';
import { checkProgress } from './progress.js';

/** Each checker is given something that is wrong, which it must catch, beside something that is sound. */

const FLOW = '1 client>server';
const WHOLE = [{ flow: FLOW, cutShort: false }];
const CUT = [{ flow: FLOW, cutShort: true }];

function flow(sent: number, received: readonly number[]): History {
  const history = new History();
  for (let i = 0; i < sent; i++) history.add(i, 'client', 'sent', FLOW, i);
  for (const index of received) history.add(100, 'server', 'received', FLOW, index);
  return history;
}

describe('the delivery checker', () => {
  it('finds nothing wrong with all messages in order', () => {
    assert.equal(checkDelivery(flow(3, [0, 1, 2]), WHOLE).verdict, 'valid');
  });

  it('catches a lost message, and lets the tail go where the plan cut the flow short', () => {
    assert.equal(checkDelivery(flow(3, [0, 1]), WHOLE).verdict, 'invalid');
    assert.equal(checkDelivery(flow(3, [0, 1]), CUT).verdict, 'valid');
    assert.equal(lostMessages(flow(3, [0, 1]), FLOW), 1);
  });

  it('catches a hole, a doubled, a swapped and an invented message even in a flow cut short', () => {
    assert.equal(checkDelivery(flow(3, [0, 2]), CUT).verdict, 'invalid');
    assert.equal(checkDelivery(flow(3, [0, 1, 1]), CUT).verdict, 'invalid');
    assert.equal(checkDelivery(flow(3, [1, 0]), CUT).verdict, 'invalid');
    assert.equal(checkDelivery(flow(1, [0, 1, 2]), CUT).verdict, 'invalid');
    assert.equal(duplicatedMessages(flow(3, [0, 1, 1]), FLOW), 1);
  });

  it('lets one message arrive of which a sender that died did not know that it was sent', () => {
    assert.equal(checkDelivery(flow(1, [0, 1]), CUT).verdict, 'valid');
    assert.equal(checkDelivery(flow(1, [0, 1]), WHOLE).verdict, 'invalid');
  });

  it('catches spoilt bytes', () => {
    const history = flow(2, [0]);
    history.add(200, 'server', 'corrupt', FLOW);
    assert.equal(checkDelivery(history, CUT).verdict, 'invalid');
  });

  it('does not know where nothing was sent, or where a flow is nobody’s', () => {
    assert.equal(checkDelivery(new History(), WHOLE).verdict, 'unknown');
    assert.equal(checkDelivery(flow(1, [0]), []).verdict, 'unknown');
  });
});

describe('the leak checker', () => {
  it('catches what is held more than before, whatever it is called', () => {
    const before = { 'dom1 server: ports': 1, 'registered rings': 0 };
    const after = { 'dom1 server: ports': 1, 'registered rings': 2 };
    const verdict = checkLeaks(before, after);
    assert.deepEqual(verdict, { verdict: 'invalid', reason: 'leaked: registered rings +2' });
    assert.equal(checkLeaks(before, before).verdict, 'valid');
    assert.equal(checkLeaks(before, after, 'the peer does not let go').verdict, 'valid');
  });

  it('does not know where nobody looked', () => {
    assert.equal(checkLeaks({}, undefined).verdict, 'unknown');
  });
});

describe('the progress checker', () => {
  const must = { flow: FLOW, fromPs: 0, toPs: 1000, longestGapPs: 300 };

  function arriving(...times: readonly number[]): History {
    const history = new History();
    times.forEach((timePs, i) => {
      history.add(timePs, 'server', 'received', FLOW, i);
    });
    return history;
  }

  it('catches a standstill at the beginning, in the middle, at the end, and altogether', () => {
    assert.equal(checkProgress(arriving(200, 400, 600, 800), [must]).verdict, 'valid');
    assert.equal(checkProgress(arriving(400, 600, 800), [must]).verdict, 'invalid');
    assert.equal(checkProgress(arriving(200, 600, 800), [must]).verdict, 'invalid');
    assert.equal(checkProgress(arriving(200, 400, 600), [must]).verdict, 'invalid');
    assert.equal(checkProgress(arriving(), [must]).verdict, 'invalid');
  });

  it('does not know where it was not watched', () => {
    assert.equal(checkProgress(arriving(1), [{ ...must, toPs: 0 }]).verdict, 'unknown');
  });
});

describe('the isolation checker', () => {
  function twoGuests() {
    const profile = findProfile('skylake-2017') as Profile;
    const installation = new Installation({
      hardware: { features: profile.features, prices: priceTable(profile) },
      guests: [
        { name: 'victim', type: 'pvh' },
        { name: 'attacker', type: 'pvh' },
      ],
      placement: 'own',
      limits: 'default',
      seed: 1,
    });
    const [victim, attacker] = [installation.guest(0), installation.guest(1)];
    const address = victim.domain.allocate(1);
    const mfn = victim.domain.space.frameAt(address >> PAGE_SHIFT);
    return { installation, victim, attacker, address, mfn };
  }

  it('is content with a page that is granted and mapped', () => {
    const { installation, victim, attacker, address, mfn } = twoGuests();
    const reference = victim.domain.grantTable.grant(address, attacker.domid);
    const mapped = attacker.domain.grantTable.map(attacker.vcpu, victim.domid, [reference]);
    assert.equal(mapped.status, 0);
    assert.equal(checkIsolation(installation.machine).verdict, 'valid');
    assert.deepEqual(exposure(installation.machine, victim.domid, attacker.domid), {
      readable: 1,
      writable: 1,
    });
    assert.equal(installation.machine.memory.owners[mfn], victim.domid);
  });

  it('catches a page that was never granted', () => {
    const { installation, attacker, mfn } = twoGuests();
    attacker.domain.space.map(500, mfn, false);
    assert.match(JSON.stringify(checkIsolation(installation.machine)), /not granted/);
  });

  it('catches a page that was granted for reading and can be written', () => {
    const { installation, victim, attacker, address, mfn } = twoGuests();
    victim.domain.grantTable.grant(address, attacker.domid, true);
    attacker.domain.space.map(500, mfn, true);
    assert.match(JSON.stringify(checkIsolation(installation.machine)), /granted for reading/);
  });

  it('canary pages: a changed one is seen, and so is a secret in shared memory or a program', () => {
    const { installation, victim, attacker, address } = twoGuests();
    const canaries = new CanaryPages(victim);
    for (let i = 0; i < 20; i++) canaries.add();
    assert.ok(canaries.areIntact && canaries.lookIntact);
    const reference = victim.domain.grantTable.grant(address, attacker.domid);
    attacker.domain.grantTable.map(attacker.vcpu, victim.domid, [reference]);
    assert.equal(CanaryPages.leakedIntoShared(installation.machine), false);
    // The victim's own code does what a hostile peer made it do: it copies 16 bytes too many into the ring.
    const firstCanary = address + 4096;
    victim.memory.poke(address + 100, victim.memory.peek(firstCanary + 7, 16));
    assert.equal(CanaryPages.leakedIntoShared(installation.machine), true);
    assert.equal(CanaryPages.leakedInto(victim, address, 4096), true);
    victim.memory.poke(firstCanary + 3, Uint8Array.of(0));
    assert.equal(canaries.areIntact, false);
    // Not among the newest: found when it is its turn.
    assert.ok(Array.from({ length: 20 }, () => canaries.lookIntact).includes(false));
  });
});

describe('several verdicts together', () => {
  it('are as bad as the worst, and unknown where there is none', () => {
    const valid = { verdict: 'valid' } as const;
    const unknown = { verdict: 'unknown', reason: 'x' } as const;
    const invalid = { verdict: 'invalid', reason: 'y' } as const;
    assert.equal(allOf([valid, valid]).verdict, 'valid');
    assert.equal(allOf([valid, unknown]).verdict, 'unknown');
    assert.equal(allOf([unknown, invalid]).verdict, 'invalid');
    assert.equal(allOf([]).verdict, 'unknown');
  });
});
