import { CACHE_LINE, LOCK } from '../../src/xen/causes.js';
import type { Machine } from '../../src/xen/machine.js';
import { SharedLine } from '../../src/xen/shared-line.js';
import { SpinLock } from '../../src/xen/spin-lock.js';
import type { Vcpu } from '../../src/xen/vcpu.js';

/**
 * A lock of Argo's: L1, the global reader/writer lock; rings_L2, one for each domain's table of rings; L3, one for each
 * ring (xen/common/argo.c explains what each protects). Taken in this order.
 *
 * What it costs is the cache line it lives in, which moves to whoever takes it, and the time until it is free. Nobody
 * can tell when a lock that is held across no other event was held, so only the moments are kept up to which it is.
 * Where domains really run at the same time it is a spin lock besides, held until the hypercall ends.
 */
export class ArgoLock {
  /** Virtual time up to which readers, and a writer, hold the lock. */
  readersUntil = 0;
  writerUntil = 0;
  private readonly line = new SharedLine();
  private readonly spin: SpinLock | undefined;
  private lastHoldPs = 0;
  private queueUntil = 0;

  constructor({ platform }: Machine) {
    this.spin = platform === undefined ? undefined : new SpinLock(platform);
  }

  /** Takes it for reading. Fetches the lock's line: taking it, for reading too, writes it. */
  takeForReading({ vcpu, held }: LockHolder): void {
    fetchForWriting(vcpu, this.line, LOCK);
    if (this.spin === undefined) return;
    this.spin.lockForReading();
    held.push(this.spin);
  }

  takeForWriting({ vcpu, held }: LockHolder): void {
    fetchForWriting(vcpu, this.line, LOCK);
    if (this.spin === undefined) return;
    this.spin.lockForWriting();
    held.push(this.spin);
  }

  /** What it locked is gone. Nobody holds it. */
  discard(): void {
    this.spin?.discard();
  }

  holdForReading(untilPs: number): void {
    if (this.spin !== undefined) return;
    if (untilPs > this.readersUntil) this.readersUntil = untilPs;
  }

  /** @param lengthPs for how long it is held, where others may queue behind */
  holdForWriting(untilPs: number, lengthPs = 0): void {
    if (this.spin !== undefined) return;
    if (untilPs > this.writerUntil) this.writerUntil = untilPs;
    this.lastHoldPs = lengthPs;
  }

  /**
   * When somebody's turn comes who asks for a lock that is held: after the holder and all who asked before, who are taken
   * to hold it for as long as the one before them. (Xen's locks are ticket locks: first come, first served.)
   */
  takeTicket(): number {
    const turn = Math.max(this.writerUntil, this.queueUntil);
    this.queueUntil = turn + this.lastHoldPs;
    return turn;
  }
}

/** A hypercall that takes locks. */
export interface LockHolder {
  readonly vcpu: Vcpu;
  /** Spin locks that it holds, in the order in which it took them. */
  readonly held: SpinLock[];
}

/** Lets go of all that a hypercall holds beyond the first so many, the last first. */
export function dropLocks({ held }: LockHolder, keep = 0): void {
  while (held.length > keep) held.pop()?.unlock();
}

/** Spins until a moment. Returns false where it has passed: then nothing is spent. */
export function spinUntil(vcpu: Vcpu, untilPs: number): boolean {
  const { pcpu, machine } = vcpu;
  const ps = untilPs - pcpu.clock;
  if (ps <= 0) return false;
  machine.counters.work.lockWaits++;
  pcpu.charge(LOCK, ps);
  return true;
}

/** Brings a cache line to this pCPU in order to write it. */
export function fetchForWriting(vcpu: Vcpu, line: SharedLine, cause: number): void {
  if (!line.write(vcpu.pcpu.id)) return;
  vcpu.machine.counters.work.cacheLineTransfers++;
  vcpu.pcpu.charge(cause, vcpu.machine.prices.cacheLine);
}

/** Brings a cache line to this pCPU in order to read it. */
export function fetchForReading(vcpu: Vcpu, line: SharedLine): void {
  if (!line.read(vcpu.pcpu.id)) return;
  vcpu.machine.counters.work.cacheLineTransfers++;
  vcpu.pcpu.charge(CACHE_LINE, vcpu.machine.prices.cacheLine);
}
