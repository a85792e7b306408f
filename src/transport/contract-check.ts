import { InvariantViolation } from '../base/errors.js';
import { BLOCKED, CALLED, ORDER, type Process } from '../sim/process.js';
import {
  AGAIN,
  type Channel,
  type ConnectOutcome,
  type Endpoint,
  type HostileAct,
  type Listener,
  type ListenOutcome,
  outcomeName,
  PEER_GONE,
  type RingSize,
  TOO_LARGE,
  type TransportDriver,
  WOULD_BLOCK,
} from './contract.js';
import type { Guest } from './guest.js';

/**
 * So often in a row a plain function may say AGAIN, or a wait yield ORDER, although no other vCPU's event is earlier:
 * bounded spinning is legal (netchannel2 polls so), spinning for ever would never let the machine go on.
 */
const MOST_SPINS = 1000;

/**
 * Wraps a driver so that whatever breaks the contract throws InvariantViolation, which names driver and fault. Faults of
 * the caller (use after close, other arguments after AGAIN) are thrown too. For the conformance suite and for tests: the
 * checks take real time, so it is not on the path that is measured. They take no virtual time.
 */
export function checkedDriver(driver: TransportDriver): TransportDriver {
  const { name } = driver;
  const place = (what: string): Place => new Place(`${name}: ${what}`);
  const ringSize = (requestedBytes: number): RingSize => {
    const size = driver.ringSize(requestedBytes);
    if ('refused' in size) {
      place('ringSize').require(size.refused !== '', 'refuses without a reason', {
        requestedBytes,
      });
    } else {
      place('ringSize').require(isPositive(size.bytes), 'is no number of bytes', {
        requestedBytes,
        bytes: size.bytes,
      });
    }
    return size;
  };
  const largestMessage = (effectiveBytes: number): number => {
    const largest = driver.largestMessage(effectiveBytes);
    place('largestMessage').require(
      isPositive(largest) && largest <= effectiveBytes,
      'is not between one byte and the ring',
      { effectiveBytes, largest },
    );
    return largest;
  };
  const wrap = (guest: Guest, endpoint: Endpoint, channel: Channel): Channel => {
    const size = ringSize(endpoint.ringSizeBytes);
    const fits = 'bytes' in size ? largestMessage(size.bytes) : 0;
    return new CheckedChannel(name, guest, channel, fits);
  };
  const { prepareDom0, broker, heldResources } = driver;
  return {
    name,
    capabilities: driver.capabilities,
    settings: driver.settings,
    ringSize,
    largestMessage,
    *listen(guest: Guest, endpoint: Endpoint): Process<ListenOutcome> {
      const at = place('listen');
      const outcome = yield* checkedWait(at, guest, driver.listen(guest, endpoint));
      if (!('listener' in outcome)) return checkedFailure(at, outcome);
      return { listener: new CheckedListener(name, guest, endpoint, outcome.listener, wrap) };
    },
    *connect(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
      const at = place('connect');
      const outcome = yield* checkedWait(at, guest, driver.connect(guest, endpoint));
      if (!('channel' in outcome)) return checkedFailure(at, outcome);
      return { channel: wrap(guest, endpoint, outcome.channel) };
    },
    ...(prepareDom0 && { prepareDom0: (dom0) => prepareDom0.call(driver, dom0) }),
    ...(broker && { broker: (machine) => broker.call(driver, machine) }),
    ...(heldResources && { heldResources: (machine) => heldResources.call(driver, machine) }),
  };
}

/** Driver and function in which a fault lies. */
class Place {
  constructor(private readonly name: string) {}

  require(condition: boolean, fault: string, values: Readonly<Record<string, unknown>> = {}): void {
    if (!condition) throw new InvariantViolation(`${this.name} ${fault}`, values);
  }
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function checkedFailure<T extends { readonly failed: string }>(place: Place, failure: T): T {
  place.require(
    typeof failure.failed === 'string' && failure.failed !== '',
    'fails without a reason',
  );
  return failure;
}

/** Passes a wait on, and sees that it lets go of its CPU only as processes may. */
function* checkedWait<T>(place: Place, guest: Guest, process: Process<T>): Process<T> {
  const { vcpu } = guest;
  let result: unknown;
  let spins = 0;
  for (;;) {
    const step = process.next(result);
    if (step.done === true) return step.value;
    const wait = step.value;
    if (wait === BLOCKED) {
      const state = vcpu.currentTask?.state;
      place.require(state !== 'running', 'yields BLOCKED, but its task is on no waiting list');
    } else if (wait === ORDER) {
      spins = vcpu.isAhead() ? 0 : spins + 1;
      place.require(spins <= MOST_SPINS, 'spins: yields ORDER while nothing is earlier');
    } else {
      place.require(wait === CALLED, 'yields what is no wait', { wait });
    }
    result = yield wait;
  }
}

/** What one plain function may return, and how it may be called. */
class PlainFunction {
  private spins = 0;
  private isGone = false;
  private unfinished: { readonly address: number; readonly length: number } | undefined;

  /**
   * @param others outcomes beside bytes, AGAIN, WOULD_BLOCK and PEER_GONE that it may have for this length
   * @param inParts it may move fewer bytes than asked
   */
  constructor(
    private readonly place: Place,
    private readonly guest: Guest,
    private readonly inParts: boolean,
    private readonly others: (length: number) => readonly number[],
  ) {}

  call(address: number, length: number, body: (address: number, length: number) => number): number {
    const { place, unfinished } = this;
    place.require(isPositive(length), 'was called with a length that is none', { length });
    if (unfinished !== undefined) {
      place.require(
        unfinished.address === address && unfinished.length === length,
        'was called with other arguments after AGAIN',
        { address, length, before: `${unfinished.address}, ${unfinished.length}` },
      );
    }
    const outcome = body(address, length);
    this.check(outcome, length);
    this.unfinished = outcome === AGAIN ? { address, length } : undefined;
    return outcome;
  }

  private check(outcome: number, length: number): void {
    const { place } = this;
    if (outcome === AGAIN) {
      this.spins = this.guest.isAhead() ? 0 : this.spins + 1;
      place.require(this.spins <= MOST_SPINS, 'spins: returns AGAIN while nothing is earlier');
      return;
    }
    this.spins = 0;
    if (outcome === PEER_GONE) this.isGone = true;
    if (outcome === WOULD_BLOCK || outcome === PEER_GONE) return;
    if (this.others(length).includes(outcome)) return;
    place.require(outcome >= 0, 'returned what it may not', {
      outcome: outcomeName(outcome),
      length,
    });
    place.require(
      this.inParts ? isPositive(outcome) && outcome <= length : outcome === length,
      this.inParts
        ? 'returned a number of bytes that is not from 1 to the length'
        : 'returned a number of bytes other than the length',
      { outcome, length },
    );
    place.require(!this.isGone, 'moved bytes after it had said peer-gone', { outcome });
  }
}

const NONE: readonly number[] = [];
const ONLY_TOO_LARGE: readonly number[] = [TOO_LARGE];

class CheckedChannel implements Channel {
  private readonly sending: PlainFunction;
  private readonly receiving: PlainFunction;
  private readonly writing: PlainFunction;
  private readonly reading: PlainFunction;
  private isClosed = false;
  /** When the last wait began, and how many in a row took no time. */
  private lastWaitPs = -1;
  private emptyWaits = 0;

  /** @param largest a whole message of so many bytes must not be too large */
  constructor(
    private readonly driverName: string,
    private readonly guest: Guest,
    private readonly inner: Channel,
    largest: number,
  ) {
    const tooLarge = (length: number): readonly number[] =>
      length > largest ? ONLY_TOO_LARGE : NONE;
    const plain = (
      name: string,
      inParts: boolean,
      others: (length: number) => readonly number[],
    ): PlainFunction => new PlainFunction(this.place(name), guest, inParts, others);
    this.sending = plain('trySend', false, tooLarge);
    this.receiving = plain('tryReceive', false, tooLarge);
    this.writing = plain('write', true, () => NONE);
    this.reading = plain('read', true, () => NONE);
  }

  get ringSizeBytes(): number {
    const bytes = this.inner.ringSizeBytes;
    this.place('ringSizeBytes').require(isPositive(bytes), 'is no number of bytes', { bytes });
    return bytes;
  }

  trySend(address: number, length: number): number {
    this.requireOpen('trySend');
    return this.sending.call(address, length, (at, bytes) => this.inner.trySend(at, bytes));
  }

  tryReceive(address: number, length: number): number {
    this.requireOpen('tryReceive');
    return this.receiving.call(address, length, (at, bytes) => this.inner.tryReceive(at, bytes));
  }

  write(address: number, length: number): number {
    this.requireOpen('write');
    return this.writing.call(address, length, (at, bytes) => this.inner.write(at, bytes));
  }

  read(address: number, length: number): number {
    this.requireOpen('read');
    return this.reading.call(address, length, (at, bytes) => this.inner.read(at, bytes));
  }

  waitUntilWritable(): Process<void> {
    this.countWait('waitUntilWritable');
    return this.wait('waitUntilWritable', this.inner.waitUntilWritable());
  }

  waitUntilReadable(): Process<void> {
    this.countWait('waitUntilReadable');
    return this.wait('waitUntilReadable', this.inner.waitUntilReadable());
  }

  waitUntilReady(): Process<void> {
    this.countWait('waitUntilReady');
    return this.wait('waitUntilReady', this.inner.waitUntilReady());
  }

  pagesExposedToPeer(): number {
    const pages = this.inner.pagesExposedToPeer();
    this.place('pagesExposedToPeer').require(
      Number.isSafeInteger(pages) && pages >= 0,
      'is no number of pages',
      { pages },
    );
    return pages;
  }

  get leak(): Channel['leak'] {
    return this.inner.leak;
  }

  hostileActs(): readonly HostileAct[] {
    return this.inner.hostileActs?.() ?? [];
  }

  close(): Process<void> {
    this.isClosed = true;
    return this.wait('close', this.inner.close());
  }

  private wait(name: string, process: Process<void>): Process<void> {
    return checkedWait(this.place(name), this.guest, process);
  }

  /** A wait may return early, but not always at once: its caller would never let the machine go on. */
  private countWait(name: string): void {
    this.requireOpen(name);
    const { clock } = this.guest.vcpu.pcpu;
    this.emptyWaits = clock === this.lastWaitPs ? this.emptyWaits + 1 : 0;
    this.lastWaitPs = clock;
    if (this.emptyWaits > MOST_SPINS) this.place(name).require(false, 'returns without waiting');
  }

  private requireOpen(name: string): void {
    if (this.isClosed) this.place(name).require(false, 'was called after close');
  }

  private place(name: string): Place {
    return new Place(`${this.driverName}: ${name}`);
  }
}

class CheckedListener implements Listener {
  private readonly receiving: PlainFunction;
  private accepted = 0;
  private isClosed = false;

  constructor(
    private readonly driverName: string,
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
    private readonly inner: Listener,
    private readonly wrap: (guest: Guest, endpoint: Endpoint, channel: Channel) => Channel,
  ) {
    this.receiving = new PlainFunction(this.place('listener.tryReceive'), guest, false, () => NONE);
  }

  get lastSource(): number {
    return this.inner.lastSource;
  }

  *accept(): Process<ConnectOutcome> {
    const place = this.requireOpen('accept');
    const outcome = yield* checkedWait(place, this.guest, this.inner.accept());
    if (!('channel' in outcome)) return checkedFailure(place, outcome);
    this.accepted++;
    return { channel: this.wrap(this.guest, this.endpoint, outcome.channel) };
  }

  tryReceive(address: number, length: number): number {
    const place = this.requireOpen('listener.tryReceive');
    const outcome = this.receiving.call(address, length, (at, bytes) =>
      this.inner.tryReceive(at, bytes),
    );
    if (outcome > 0) {
      const source = this.inner.lastSource;
      place.require(
        Number.isInteger(source) && source >= 0 && source < this.accepted,
        'took a message from no client that was accepted',
        { source, accepted: this.accepted },
      );
    }
    return outcome;
  }

  waitUntilReadable(): Process<void> {
    const place = this.requireOpen('listener.waitUntilReadable');
    return checkedWait(place, this.guest, this.inner.waitUntilReadable());
  }

  close(): Process<void> {
    this.isClosed = true;
    return checkedWait(this.place('listener.close'), this.guest, this.inner.close());
  }

  private requireOpen(name: string): Place {
    const place = this.place(name);
    place.require(!this.isClosed, 'was called after close');
    return place;
  }

  private place(name: string): Place {
    return new Place(`${this.driverName}: ${name}`);
  }
}
