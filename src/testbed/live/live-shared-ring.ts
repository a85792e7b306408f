import type { AddressSpace } from '../../xen/address-space.js';
import type { GuestMemory } from '../../xen/guest-memory.js';
import { type RingPlace, RingReader, RingWriter, type WriterPlace } from '../../xen/shared-ring.js';
import { KeptRange } from './kept-range.js';
import type { LivePlatform } from './live-platform.js';
import type { Mover } from './wasm-mover.js';

/** Where a ring and a program's buffer lie in the memory of this machine: found once, and again when the mapping changes. */
class RingInFrames {
  /** Machine addresses: of the index that this end moves and of the peer's, of the peer's sign of life, of the first byte. */
  own = -1;
  peers = -1;
  open = -1;
  bytes = -1;
  /** Holds only while all that was found does. */
  readonly program: KeptRange;
  private readonly ring: KeptRange;

  /** @param writes whether it is the program that is read, and the ring that is written */
  constructor(
    private readonly memory: GuestMemory,
    private readonly place: RingPlace & Partial<WriterPlace>,
    private readonly space: AddressSpace,
    private readonly platform: LivePlatform,
    private readonly writes: boolean,
  ) {
    this.program = new KeptRange(space, !writes);
    this.ring = new KeptRange(space, writes);
  }

  /** Returns false where the bytes do not lie in one piece, or the domain may not touch them: then go step by step. */
  findAnew(address: number, length: number): boolean {
    const { memory, place, space, platform, program, ring } = this;
    program.forget();
    if (memory.vcpu.state === 'offline' || !platform.memory.isShared || platform.paysRefills) {
      return false;
    }
    const fields = space.find(place.fields.address, true);
    if (!ring.holds(place.address, place.bytes)) ring.keep(place.address, place.bytes);
    if (fields < 0 || !ring.holds(place.address, place.bytes)) return false;
    const { prod, cons, open = 0 } = place;
    this.own = fields + (this.writes ? prod : cons);
    this.peers = fields + (this.writes ? cons : prod);
    this.open = fields + open;
    this.bytes = ring.at(place.address);
    program.keep(address, length);
    return program.holds(address, length);
  }
}

/** The writing end, in the memory of this machine: look and copy are one function, with the same steps. */
export class LiveRingWriter extends RingWriter {
  private readonly mover: Mover;
  private readonly found: RingInFrames;
  private readonly size: number;

  constructor(
    memory: GuestMemory,
    place: WriterPlace,
    space: AddressSpace,
    protected readonly platform: LivePlatform,
  ) {
    super(memory, place);
    this.mover = platform.mover;
    this.found = new RingInFrames(memory, place, space, platform, true);
    this.size = place.bytes;
  }

  override put(source: number, length: number): number {
    const { found, mover, size, memory } = this;
    const { program } = found;
    if (!program.holds(source, length) && !found.findAnew(source, length)) {
      return super.put(source, length);
    }
    const { open, own, peers, bytes } = found;
    const pieces = mover.put(open, own, peers, bytes, size, program.at(source), length);
    // Behind the copy: the machine still writes its last lines back meanwhile.
    if (pieces > 0) memory.accountForCopy(length, pieces);
    return pieces;
  }
}

/** The reading end, likewise. */
export class LiveRingReader extends RingReader {
  private readonly mover: Mover;
  private readonly found: RingInFrames;
  private readonly size: number;

  constructor(
    memory: GuestMemory,
    place: RingPlace,
    space: AddressSpace,
    protected readonly platform: LivePlatform,
  ) {
    super(memory, place);
    this.mover = platform.mover;
    this.found = new RingInFrames(memory, place, space, platform, false);
    this.size = place.bytes;
  }

  override take(destination: number, length: number): boolean {
    const { found, mover, size, memory } = this;
    const { program } = found;
    if (!program.holds(destination, length) && !found.findAnew(destination, length)) {
      return super.take(destination, length);
    }
    const { own, peers, bytes } = found;
    const pieces = mover.take(own, peers, bytes, size, program.at(destination), length);
    if (pieces > 0) memory.accountForCopy(length, pieces);
    return pieces > 0;
  }
}

/** The same, for tests: behind a pause of random length, and as often step by step with one before each step. */
export class StressedRingWriter extends LiveRingWriter {
  override put(source: number, length: number): number {
    if (this.platform.below(2) === 0) {
      this.platform.disturb();
      return super.put(source, length);
    }
    return RingWriter.prototype.put.call(this, source, length);
  }
}

export class StressedRingReader extends LiveRingReader {
  override take(destination: number, length: number): boolean {
    if (this.platform.below(2) === 0) {
      this.platform.disturb();
      return super.take(destination, length);
    }
    return RingReader.prototype.take.call(this, destination, length);
  }
}
