import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Process } from '../src/sim/process.js';
import { CONFORMANCE_CHECKS, checkConformance } from '../src/transport/conformance.js';
import {
  AGAIN,
  type Channel,
  type ConnectOutcome,
  TOO_LARGE,
  type TransportDriver,
  WOULD_BLOCK,
} from '../src/transport/contract.js';
import type { Guest } from '../src/transport/guest.js';
import { GUEST_USER } from '../src/xen/causes.js';
import { sharePages } from '../src/xen/grant-device.js';
import { libvchan } from '../transports/libvchan/index.js';
import { nullTransport } from '../transports/null/index.js';

/**
 * Canaries: transports with one fault each, which the check that exists for it must find. They are sound transports whose
 * channels are made to misbehave.
 */

/** Does what the channel behind it does. */
class Passing implements Channel {
  constructor(
    protected readonly inner: Channel,
    protected readonly guest: Guest,
  ) {}

  get ringSizeBytes(): number {
    return this.inner.ringSizeBytes;
  }
  trySend(address: number, length: number): number {
    return this.inner.trySend(address, length);
  }
  tryReceive(address: number, length: number): number {
    return this.inner.tryReceive(address, length);
  }
  write(address: number, length: number): number {
    return this.inner.write(address, length);
  }
  read(address: number, length: number): number {
    return this.inner.read(address, length);
  }
  waitUntilWritable(): Process<void> {
    return this.inner.waitUntilWritable();
  }
  waitUntilReadable(): Process<void> {
    return this.inner.waitUntilReadable();
  }
  waitUntilReady(): Process<void> {
    return this.inner.waitUntilReady();
  }
  pagesExposedToPeer(): number {
    return this.inner.pagesExposedToPeer();
  }
  close(): Process<void> {
    return this.inner.close();
  }
}

/** A transport whose channels, on both sides, are wrapped. */
function wrapped(
  driver: TransportDriver,
  Wrapper: new (inner: Channel, guest: Guest) => Channel,
): TransportDriver {
  const wrap = (guest: Guest, outcome: ConnectOutcome): ConnectOutcome =>
    'channel' in outcome ? { channel: new Wrapper(outcome.channel, guest) } : outcome;
  return {
    ...driver,
    *listen(guest, endpoint) {
      const outcome = yield* driver.listen(guest, endpoint);
      if (!('listener' in outcome)) return outcome;
      const { listener } = outcome;
      return {
        listener: {
          get lastSource() {
            return listener.lastSource;
          },
          *accept() {
            return wrap(guest, yield* listener.accept());
          },
          tryReceive: (address, length) => listener.tryReceive(address, length),
          waitUntilReadable: () => listener.waitUntilReadable(),
          close: () => listener.close(),
        },
      };
    },
    *connect(guest, endpoint) {
      return wrap(guest, yield* driver.connect(guest, endpoint));
    },
  };
}

/** Its fifth write leaves the first byte out, and says that it took it. */
class DropsByte extends Passing {
  private writes = 0;

  override write(address: number, length: number): number {
    const drops = this.writes === 4 && length > 1;
    const outcome = drops
      ? this.inner.write(address + 1, length - 1)
      : this.inner.write(address, length);
    if (outcome > 0) this.writes++;
    return drops && outcome > 0 ? outcome + 1 : outcome;
  }
}

/** Its fourth message goes out behind the fifth. */
class SwapsMessages extends Passing {
  private sent = 0;
  private kept: { readonly address: number; readonly length: number } | undefined;
  private overtook = false;

  override trySend(address: number, length: number): number {
    if (this.sent === 3 && this.kept === undefined) {
      const copy = this.guest.domain.allocate(1 + Math.ceil(length / 4096));
      this.guest.memory.poke(copy, this.guest.memory.peek(address, length));
      this.kept = { address: copy, length };
      return length;
    }
    if (!this.overtook) {
      const outcome = this.inner.trySend(address, length);
      if (outcome !== length) return outcome;
      this.sent++;
      if (this.kept === undefined || this.sent > 4) return outcome;
      this.overtook = true;
    }
    const { kept } = this;
    assert(kept !== undefined);
    const outcome = this.inner.trySend(kept.address, kept.length);
    if (outcome !== kept.length) return outcome;
    this.overtook = false;
    this.sent++;
    return length;
  }
}

/** Each connection leaves a granted page behind. */
class LeaksGrant extends Passing {
  override *close(): Process<void> {
    yield* this.inner.close();
    sharePages(this.guest.vcpu, this.guest.domid === 1 ? 2 : 1, 1);
  }
}

/** Its fifth wait goes to sleep again although it was woken. */
class LosesWakeUp extends Passing {
  private waits = 0;

  override *waitUntilReadable(): Process<void> {
    yield* this.inner.waitUntilReadable();
    if (++this.waits === 5) yield* this.inner.waitUntilReadable();
  }
}

/** Goes without a word. */
class ClosesInSilence extends Passing {
  override *close(): Process<void> {}
}

/** Says that messages which cannot fit were sent. */
class SwallowsTooLarge extends Passing {
  override trySend(address: number, length: number): number {
    const outcome = this.inner.trySend(address, length);
    return outcome === TOO_LARGE ? length : outcome;
  }
}

/** Never says that there is nothing, only that one should ask again. */
class Spins extends Passing {
  override tryReceive(address: number, length: number): number {
    const outcome = this.inner.tryReceive(address, length);
    return outcome === WOULD_BLOCK ? AGAIN : outcome;
  }
}

let channelsEverMade = 0;

/** Keeps a count outside the machine, and lets it show in the times. */
class Remembers extends Passing {
  private readonly number = channelsEverMade++;

  override trySend(address: number, length: number): number {
    const outcome = this.inner.trySend(address, length);
    if (outcome === length) this.guest.vcpu.pcpu.charge(GUEST_USER, this.number);
    return outcome;
  }
}

/** Spends time that was never there. */
class GivesTimeBack extends Passing {
  override *close(): Process<void> {
    yield* this.inner.close();
    const { pcpu } = this.guest.vcpu;
    pcpu.charge(GUEST_USER, -1 - (pcpu.attribution[GUEST_USER] as number));
  }
}

/** Looks for room as if there were always plenty: what does not fit is written over what is there. */
class ClaimsMoreRoom extends Passing {
  override get ringSizeBytes(): number {
    return this.inner.ringSizeBytes / 2;
  }
}

const CANARIES: readonly {
  readonly fault: string;
  readonly driver: TransportDriver;
  readonly check: string;
  readonly says: RegExp;
}[] = [
  {
    fault: 'drops a byte of a stream',
    driver: wrapped(libvchan, DropsByte),
    check: 'stream-integrity',
    says: /server 1 got wrong bytes: the stream/,
  },
  {
    fault: 'swaps two messages',
    driver: wrapped(libvchan, SwapsMessages),
    check: 'order-and-integrity',
    says: /server 1 got wrong bytes: message 3/,
  },
  {
    fault: 'leaks a grant',
    driver: wrapped(libvchan, LeaksGrant),
    check: 'no-leak',
    says: /3 closed connections left .*dom1 server: grants \+3/,
  },
  {
    fault: 'leaks what only the transport knows of',
    driver: { ...nullTransport, heldResources: () => ({ 'rings ever made': channelsEverMade++ }) },
    check: 'no-leak',
    says: /rings ever made \+3/,
  },
  {
    fault: 'loses a wake-up',
    driver: wrapped(libvchan, LosesWakeUp),
    check: 'no-lost-wake-up',
    says: /no progress: .* waits for vchan: data in the ring/,
  },
  {
    fault: 'says that its ring is larger than it is',
    driver: {
      ...libvchan,
      ringSize: (requested) => {
        const size = libvchan.ringSize(requested);
        return 'bytes' in size ? { bytes: 2 * size.bytes } : size;
      },
    },
    check: 'ring-size',
    says: /the client's ring is of 1024 bytes, not of 2048 as was said/,
  },
  {
    fault: 'takes more than the ring that it says it has',
    driver: wrapped(
      { ...nullTransport, ringSize: (requested) => ({ bytes: requested / 2 }) },
      ClaimsMoreRoom,
    ),
    check: 'ring-size',
    says: /a ring of 512 bytes took 1024 that nobody has read/,
  },
  {
    fault: 'keeps what it has taken for a connection that fails',
    driver: {
      ...libvchan,
      *connect(guest, endpoint) {
        const outcome = yield* libvchan.connect(guest, endpoint);
        if ('failed' in outcome) sharePages(guest.vcpu, endpoint.serverDomid, 1, true);
        return outcome;
      },
    },
    check: 'failed-connection',
    says: /^0 xenstore watches left for the client: left .*dom2 client: grants \+1/,
  },
  {
    fault: 'forgets a listener to which nobody came',
    driver: {
      ...libvchan,
      *listen(guest, endpoint) {
        const outcome = yield* libvchan.listen(guest, endpoint);
        if (endpoint.port > 1 && 'listener' in outcome) outcome.listener.close = function* () {};
        return outcome;
      },
    },
    check: 'closed-before-any-client',
    says: /^it left .*dom1 server: ports \+1/,
  },
  {
    fault: 'closes without telling the other side',
    driver: wrapped(libvchan, ClosesInSilence),
    check: 'peer-closes',
    says: /goes while the other waits to read: no progress: \w+\/survivor waits for vchan/,
  },
  {
    fault: 'says that a message which cannot fit was sent',
    driver: wrapped(libvchan, SwallowsTooLarge),
    check: 'too-large',
    says: /a message of 1025 bytes through a ring of 1024: 1025 bytes/,
  },
  {
    fault: 'spins instead of waiting',
    driver: wrapped(libvchan, Spins),
    check: 'comes-to-rest',
    says: /does not come to rest \(event-limit\); server\/server 1 is running/,
  },
  {
    fault: 'keeps something outside the machine',
    driver: wrapped(libvchan, Remembers),
    check: 'determinism',
    says: /^once trace/,
  },
  {
    fault: 'charges less than nothing',
    driver: wrapped(libvchan, GivesTimeBack),
    check: 'attribution',
    says: /pcpu\d spent -1 ps for guest-user/,
  },
];

describe('conformance canaries', () => {
  for (const { fault, driver, check, says } of CANARIES) {
    it(`finds a transport that ${fault}, by ${check}`, () => {
      const chosen = CONFORMANCE_CHECKS.filter((one) => one.name === check);
      assert.equal(chosen.length, 1);
      const [result] = checkConformance(driver, chosen);
      assert.equal(result?.verdict, 'failed');
      assert.match(result?.reason ?? '', says);
    });
  }

  it('fails a transport that refuses every ring size, and skips streams where there are none', () => {
    const useless: TransportDriver = { ...nullTransport, ringSize: () => ({ refused: 'never' }) };
    const datagrams: TransportDriver = {
      ...nullTransport,
      capabilities: { ...nullTransport.capabilities, framing: 'datagram' },
    };
    const stream = CONFORMANCE_CHECKS.filter((one) => one.name === 'stream-integrity');
    assert.deepEqual(
      [useless, datagrams].map((driver) => {
        const [result] = checkConformance(driver, stream);
        return [result?.verdict, result?.reason];
      }),
      [
        ['failed', 'refuses every ring size of the suite'],
        ['skipped', 'has no stream framing'],
      ],
    );
  });

  it('reports what a crash makes of a connection as a finding, not as a failure', () => {
    const crash = CONFORMANCE_CHECKS.filter((one) => one.name === 'peer-crashes');
    const [result] = checkConformance(libvchan, crash);
    assert.equal(result?.verdict, 'passed');
    assert.match(
      result?.findings?.['the server goes while the other waits to read'] ?? '',
      /^untold: waits for vchan: data in the ring, zombie$/,
    );
  });
});
