import { ORDER, type Process } from '../../sim/process.js';
import { GUEST_USER } from '../../xen/causes.js';
import { PAGE_SIZE } from '../../xen/memory.js';
import { AGAIN, type Channel, outcomeName, WOULD_BLOCK } from '../contract.js';
import type { Guest } from '../guest.js';
import { Pattern } from './pattern.js';

/** Calls a plain function until another vCPU is no longer in its way. */
export function* attempted(attempt: () => number): Process<number> {
  for (;;) {
    const outcome = attempt();
    if (outcome !== AGAIN) return outcome;
    yield ORDER;
  }
}

/** Calls a plain function until it has done its work, or cannot. Waits where it would block. */
export function* settled(attempt: () => number, wait: () => Process<void>): Process<number> {
  for (;;) {
    const outcome = yield* attempted(attempt);
    if (outcome !== WOULD_BLOCK) return outcome;
    yield* wait();
  }
}

/** The program computes for so long. */
export function compute(guest: Guest, ps: number): void {
  guest.vcpu.pcpu.charge(GUEST_USER, ps);
}

/** The program sleeps for so long; not at all for 0. */
export function* sleep(guest: Guest, ps: number): Process {
  if (ps === 0) return;
  yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + ps);
}

export interface EndOptions {
  /** Who holds it, for reasons: "client 1". */
  readonly name: string;
  /** The buffers of the program: one to send from and one to receive into, each of so many bytes. */
  readonly bufferBytes: number;
  readonly outgoing: Pattern;
  readonly incoming: Pattern;
  fail(problem: string): void;
}

/** One end of a connection and the program that holds it: sends what it should, and sees that it gets what it should. */
export class End {
  private readonly pages: number;
  private readonly out: number;
  private readonly into: number;

  constructor(
    readonly guest: Guest,
    readonly channel: Channel,
    private readonly options: EndOptions,
  ) {
    // A buffer begins in the middle of a page, so that even small messages may cross one.
    this.pages = 1 + Math.ceil(options.bufferBytes / PAGE_SIZE);
    this.out = guest.domain.allocate(this.pages) + PAGE_SIZE - 52;
    this.into = guest.domain.allocate(this.pages) + PAGE_SIZE - 236;
  }

  /** Gives the buffers back. */
  release(): void {
    for (const address of [this.out, this.into]) {
      this.guest.domain.free(address - (address % PAGE_SIZE), this.pages);
    }
  }

  /** One attempt to send message number `index`: its length, or WOULD_BLOCK, TOO_LARGE, PEER_GONE. */
  *trySend(index: number, length: number): Process<number> {
    this.options.outgoing.place(this.guest, this.out, Pattern.positionOf(index), length);
    return yield* attempted(() => this.channel.trySend(this.out, length));
  }

  /** One attempt to receive message number `index`, which is checked. */
  *tryReceive(index: number, length: number): Process<number> {
    const outcome = yield* attempted(() => this.channel.tryReceive(this.into, length));
    if (outcome > 0) this.check(`message ${index}`, Pattern.positionOf(index), length);
    return outcome;
  }

  /** Sends message number `index`. Returns its length, or why it could not be sent. */
  *sendOrFail(index: number, length: number): Process<number> {
    this.options.outgoing.place(this.guest, this.out, Pattern.positionOf(index), length);
    return yield* settled(
      () => this.channel.trySend(this.out, length),
      () => this.channel.waitUntilWritable(),
    );
  }

  /** Receives message number `index`, which is checked. Returns its length, or why there is none. */
  *receiveOrFail(index: number, length: number): Process<number> {
    const outcome = yield* settled(
      () => this.channel.tryReceive(this.into, length),
      () => this.channel.waitUntilReadable(),
    );
    if (outcome > 0) this.check(`message ${index}`, Pattern.positionOf(index), length);
    return outcome;
  }

  /** Sends message number `index`; the trial fails where that cannot be. */
  *send(index: number, length: number): Process {
    const outcome = yield* this.sendOrFail(index, length);
    if (outcome !== length) this.fail(`sending message ${index} of ${length} bytes`, outcome);
  }

  /** Receives message number `index`; the trial fails where that cannot be. */
  *receive(index: number, length: number): Process {
    const outcome = yield* this.receiveOrFail(index, length);
    if (outcome !== length) this.fail(`receiving message ${index} of ${length} bytes`, outcome);
  }

  /** One attempt to write the bytes from a place in the stream on: bytes taken, or why none. */
  *tryWrite(position: number, length: number): Process<number> {
    this.options.outgoing.place(this.guest, this.out, position, length);
    return yield* attempted(() => this.channel.write(this.out, length));
  }

  /** Writes all of so many bytes from a place in the stream on, in parts if it must be. */
  *write(position: number, length: number): Process {
    this.options.outgoing.place(this.guest, this.out, position, length);
    for (let done = 0; done < length; ) {
      const outcome = yield* settled(
        () => this.channel.write(this.out + done, length - done),
        () => this.channel.waitUntilWritable(),
      );
      if (outcome < 0) return this.fail(`writing at ${position + done} of the stream`, outcome);
      done += outcome;
    }
  }

  /** Reads some of the bytes from a place in the stream on, and checks them: how many, or why none. */
  *readSome(position: number, most: number): Process<number> {
    const outcome = yield* settled(
      () => this.channel.read(this.into, most),
      () => this.channel.waitUntilReadable(),
    );
    if (outcome > 0) this.check('the stream', position, outcome);
    return outcome;
  }

  /** Reads so many bytes from a place in the stream on, and checks them. @param most bytes asked for at once */
  *read(position: number, length: number, most: () => number): Process {
    for (let done = 0; done < length; ) {
      const wanted = Math.min(most(), length - done, this.options.bufferBytes);
      const outcome = yield* this.readSome(position + done, wanted);
      if (outcome < 0) return this.fail(`reading at ${position + done} of the stream`, outcome);
      done += outcome;
    }
  }

  /** Sees that message number `index`, which somebody else has received for this end, is as it was sent. */
  checkReceived(index: number, address: number, length: number): void {
    this.check(`message ${index}`, Pattern.positionOf(index), length, address);
  }

  private check(what: string, position: number, length: number, address = this.into): void {
    const wrong = this.options.incoming.firstWrong(this.guest, address, position, length);
    if (wrong < 0) return;
    this.options.fail(`${this.options.name} got wrong bytes: ${what}, byte ${wrong} of ${length}`);
  }

  private fail(what: string, outcome: number): void {
    this.options.fail(`${this.options.name}, ${what}: ${outcomeName(outcome)}`);
  }
}
