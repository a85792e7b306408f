import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashPoint } from '../../scenarios/failure/crash-point.js';
import { hostilePeer } from '../../scenarios/failure/hostile-peer.js';
import { noisyNeighbour } from '../../scenarios/failure/noisy-neighbour.js';
import { oneToMany } from '../../scenarios/failure/one-to-many.js';
import type { Cell } from '../../src/results/types.js';
import { type Channel, type TransportDriver, WOULD_BLOCK } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { PAGE_SIZE } from '../../src/xen/memory.js';
import { metric, runCell, transportNamed } from './cell.js';

/**
 * Transports with a fault, each of which the scenarios must notice: what they never find in the real ones they could
 * find. (The checkers by themselves have theirs in src/scenario/checkers/checkers.test.ts.)
 */

/** libvchan, with something done to each channel when it is there. Guest 0 is dom1: the victim, and the server. */
function spoilt(spoil: (channel: Channel, guest: Guest, peer: number) => void): TransportDriver {
  const libvchan = transportNamed('libvchan');
  return {
    ...libvchan,
    *listen(guest, endpoint) {
      const listening = yield* libvchan.listen(guest, endpoint);
      if (!('listener' in listening)) return listening;
      const { listener } = listening;
      const accept = listener.accept.bind(listener);
      listener.accept = function* () {
        const outcome = yield* accept();
        if ('channel' in outcome) spoil(outcome.channel, guest, endpoint.clientDomids[0] ?? -1);
        return outcome;
      };
      return listening;
    },
    *connect(guest, endpoint) {
      const outcome = yield* libvchan.connect(guest, endpoint);
      if ('channel' in outcome) spoil(outcome.channel, guest, endpoint.serverDomid);
      return outcome;
    },
  };
}

/** Something that happens with each message that a guest receives from the domain that besieges or asks it. */
function onReceive(then: (guest: Guest, address: number, count: number) => void): TransportDriver {
  return spoilt((channel, guest, peer) => {
    if (peer > ATTACKER) return;
    const receive = channel.tryReceive.bind(channel);
    let count = 0;
    channel.tryReceive = (address, length) => {
      const outcome = receive(address, length);
      if (outcome >= 0) then(guest, address, ++count);
      return outcome;
    };
  });
}

/** Domid of the client, or of the attacker; the bystander is the next. */
const ATTACKER = 2;

function besieged(transport: TransportDriver): Cell {
  return runCell(hostilePeer, transport, {}, { messages: 20, seed: 3 });
}

function crashed(transport: TransportDriver, dies = 'none', step = 200): Cell {
  return runCell(crashPoint, transport, { dies, step });
}

describe('a siege notices', () => {
  it('a victim that writes behind its buffer', () => {
    const cell = besieged(
      onReceive((guest, address) => {
        if (guest.domid === 1) guest.memory.poke(address + PAGE_SIZE, Uint8Array.of(1));
      }),
    );
    assert.ok((metric(cell, 'statesEscaped') ?? 0) > 0);
    assert.equal(cell.outcome?.['finding'], 'escaped');
  });

  it('a victim that sends what lies behind its buffer', () => {
    const cell = besieged(
      onReceive((guest, address) => {
        if (guest.domid === 1) guest.memory.copy(address, address + PAGE_SIZE, 32);
      }),
    );
    assert.ok((metric(cell, 'statesEscaped') ?? 0) > 0);
  });

  it('a victim that dies of a message', () => {
    const cell = besieged(
      onReceive((guest, _, count) => {
        if (guest.domid === 1 && count === 3) guest.domain.crash('a message too odd');
      }),
    );
    assert.equal(cell.outcome?.['finding'], 'victim stopped');
    assert.match(String(cell.outcome?.['brokenOff']), /a message too odd/);
  });

  it('a victim that dies while it closes', () => {
    const fragile = spoilt((channel, guest, peer) => {
      if (guest.domid !== 1 || peer !== ATTACKER) return;
      channel.close = function* () {
        guest.domain.crash('a peer too odd');
      };
    });
    const cell = runCell(hostilePeer, fragile, { phase: 'teardown' }, { messages: 5 });
    assert.equal(cell.outcome?.['finding'], 'victim stopped');
  });

  it('a victim that no longer serves a bystander', () => {
    const cell = runCell(
      hostilePeer,
      spoilt((channel, guest, peer) => {
        if (guest.domid !== 1 || peer === ATTACKER) return;
        const receive = channel.tryReceive.bind(channel);
        let left = 100;
        channel.tryReceive = (address, length) =>
          left-- > 0 ? receive(address, length) : WOULD_BLOCK;
      }),
      {},
      { messages: 300, seed: 3 },
    );
    assert.equal(cell.outcome?.['bystander'], 'stood still');
  });

  it('a page of the victim in the attacker’s page tables that nobody has granted', () => {
    const cell = besieged(
      spoilt((_, guest) => {
        if (guest.domid !== ATTACKER) return;
        const victim = guest.machine.domain(1);
        const mfn = victim?.space.frameAt((victim.allocate(1) / PAGE_SIZE) | 0) ?? 0;
        guest.domain.space.map(5000, mfn, false);
      }),
    );
    assert.equal(cell.verdict, 'invalid');
    assert.match(String(cell.reason), /not granted/);
  });
});

describe('a crash point notices', () => {
  it('nothing where nothing is wrong', () => {
    assert.equal(crashed(transportNamed('libvchan')).verdict, 'valid');
    assert.equal(crashed(transportNamed('libvchan'), 'client').verdict, 'valid');
  });

  it('bytes that nobody sent', () => {
    const cell = crashed(
      onReceive((guest, address, count) => {
        if (count === 2) guest.memory.poke(address + 20, Uint8Array.of(0xee));
      }),
      'client',
      380,
    );
    assert.equal(cell.verdict, 'invalid');
    assert.match(String(cell.reason), /nobody sent/);
  });

  it('a message that never comes', () => {
    const cell = crashed(
      spoilt((channel) => {
        const receive = channel.tryReceive.bind(channel);
        let count = 0;
        channel.tryReceive = (address, length) => {
          const outcome = receive(address, length);
          return outcome >= 0 && ++count === 2 ? receive(address, length) : outcome;
        };
      }),
    );
    assert.equal(cell.verdict, 'invalid');
  });

  it('a node in xenstore, or a frame, that outlives both domains', () => {
    const leaky = spoilt((_, guest) => {
      const dom0 = guest.machine.domain(0);
      assert.ok(dom0 !== undefined);
      dom0.grantTable.grant(dom0.allocate(1), guest.domid);
    });
    const cell = crashed(leaky);
    assert.equal(cell.verdict, 'invalid');
    assert.match(String(cell.reason), /leaked: dom0 dom0: grants \+2/);
  });
});

describe('the measurements of many clients and of neighbours notice', () => {
  /** Clients, by their domid, that never get a message through. */
  function mute(isMute: (domid: number) => boolean): TransportDriver {
    return spoilt((channel, guest) => {
      if (isMute(guest.domid)) channel.trySend = () => WOULD_BLOCK;
    });
  }

  it('neighbours that make no noise', () => {
    const flooded = (transport: TransportDriver): Cell =>
      runCell(noisyNeighbour, transport, { noise: 'flood' }, { messages: 10 });
    const { verdict, reason } = flooded(mute((domid) => domid > 2));
    assert.deepEqual([verdict, reason], ['unknown', 'the neighbours made no noise']);
    assert.equal(flooded(transportNamed('libvchan')).verdict, 'valid');
  });

  it('a client that is never served', () => {
    const cell = runCell(
      oneToMany,
      mute((domid) => domid === 4),
      { clients: 5 },
    );
    assert.equal(cell.verdict, 'invalid');
  });
});
