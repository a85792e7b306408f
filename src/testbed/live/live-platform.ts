import { Prng } from '../../base/prng.js';
import type { Countdown } from '../../scenario/world.js';
import type { AddressSpace } from '../../xen/address-space.js';
import type { CacheHierarchy } from '../../xen/cache.js';
import {
  CAUSES,
  EVENT_DELIVERY,
  GUEST_USER,
  HYPERVISOR_ENTRY,
  IDLE,
  TLB,
} from '../../xen/causes.js';
import type { GuestMemory } from '../../xen/guest-memory.js';
import type { Machine } from '../../xen/machine.js';
import type { Platform } from '../../xen/platform.js';
import type { Tlb } from '../../xen/tlb.js';
import type { Vcpu } from '../../xen/vcpu.js';
import { LiveGate } from './live-gate.js';
import { LiveGuestMemory } from './live-guest-memory.js';
import { LiveMemory, type PartOfMemory } from './live-memory.js';
import { LivePcpu } from './live-pcpu.js';
import { LiveTrace } from './live-trace.js';
import { LiveUpcalls } from './live-upcalls.js';
import { type SharedArea, SLEEPING, STOP, shutGates, threadWord, WAKE } from './shared-area.js';
import { SharedHypervisorWords } from './shared-words.js';
import { createMover, type Mover } from './wasm-mover.js';

/** A live thread was told to give up. */
export class LiveStopped extends Error {
  override readonly name = 'LiveStopped';
}

/** How a live domain behaves, beside what its code says. */
export interface LiveManner {
  /**
   * Prices of privileged operations are paid as delays; or nothing is, and the bare machine shows; or only what programs
   * compute, for tests.
   */
  readonly inject: 'profile' | 'none' | 'computing';
  /** Seed of pauses at every step that others can see; undefined: none. */
  readonly stressSeed?: number;
  /** With `profile`: the data path unmaps pages, so that refills after flushes are to be paid, too. */
  readonly unmapsPages?: boolean;
}

/** What is paid as a delay: what an ordinary process cannot do. All other work is really done. */
const INJECTED: Readonly<Record<LiveManner['inject'], readonly number[]>> = {
  profile: [HYPERVISOR_ENTRY, TLB, EVENT_DELIVERY],
  none: [],
  computing: [GUEST_USER],
};
/** Shorter delays are collected: a spin cannot be so short. */
const SHORTEST_DELAY_PS = 100_000;
/** Turns of the loop whose speed is measured, and how often. */
const CALIBRATION_TURNS = 200_000;
const CALIBRATIONS = 15;
/** A lock's holder may have lost its CPU: after so many turns the thread sleeps for a moment. */
const TURNS_BEFORE_SLEEP = 2000;
const NAP_MS = 0.05;
/** Stress: one step in so many is disturbed, by so many turns at most; and one of those by a nap. */
const DISTURBED_OF = 3;
const LONGEST_DISTURBANCE = 3000;
const NAP_OF = 400;

/** The parts of a machine as one live thread has them. */
export class LivePlatform implements Platform {
  readonly memory = new LiveMemory();
  readonly words = new SharedHypervisorWords();
  readonly trace = new LiveTrace();
  readonly control: Int32Array;
  readonly mover: Mover;
  /** The domains are threads from now on; before, this thread sets the whole machine up. */
  isLive = false;
  /** Domid of the domain that thread 0 carries out. */
  readonly firstDomid: number = 1;
  /** By cause: 1 where a charge is nothing at all. Before the machine is live that is all but waiting. */
  readonly isFree = new Uint8Array(CAUSES.length);
  /** What programs compute takes time: in tests. */
  readonly computes: boolean;
  /** Copies keep account of what the TLB of the profile would hold. */
  readonly paysRefills: boolean;
  /** Delays that were injected, picoseconds. */
  injectedPs = 0;
  /** Gates between the threads, in the order in which all threads make them. */
  private readonly gates: LiveGate[] = [];
  private owedPs = 0;
  private readonly injected: readonly number[];
  private readonly turnsPerPs: number;
  private readonly prng: Prng | undefined;

  /** @param nowPs picoseconds of a clock that all threads share */
  constructor(
    readonly area: SharedArea,
    readonly thread: number,
    manner: LiveManner,
    readonly nowPs: () => number,
  ) {
    this.control = new Int32Array(area.control);
    this.mover = createMover(area.frames);
    this.injected = INJECTED[manner.inject];
    this.isFree[IDLE] = 0;
    this.turnsPerPs = manner.inject === 'none' ? 0 : this.calibrate();
    this.computes = manner.inject === 'computing';
    this.paysRefills = manner.inject === 'profile' && manner.unmapsPages === true;
    this.prng =
      manner.stressSeed === undefined ? undefined : new Prng(manner.stressSeed + 7 * thread);
  }

  createPcpu(machine: Machine, id: number, tlb: Tlb, cache: CacheHierarchy): LivePcpu {
    return new LivePcpu(machine, id, tlb, cache, this);
  }

  createGuestMemory(vcpu: Vcpu, space: AddressSpace): GuestMemory {
    return new LiveGuestMemory(vcpu, space, this);
  }

  createUpcalls(vcpu: Vcpu): LiveUpcalls {
    return new LiveUpcalls(vcpu, this);
  }

  gate(): LiveGate {
    const gate = new LiveGate(this, this.gates.length);
    this.gates.push(gate);
    return gate;
  }

  /** Counts down in all threads together. */
  countdown(from: number): Countdown {
    const { word } = this.gate();
    const { control } = this;
    return {
      get left() {
        return from - Atomics.load(control, word);
      },
      finish: () => from - Atomics.add(control, word, 1) - 1,
    };
  }

  /** Whoever waits at a gate that another thread has opened goes on. */
  lookAtGates(): void {
    for (const gate of this.gates) gate.look();
  }

  /** All threads are at the same point: the gates made so far are no longer used. */
  forgetGates(): void {
    this.gates.length = 0;
    if (this.thread === 0) shutGates(this.control);
  }

  /** From now on the domains are threads, and what is charged is owed. */
  goLive(): void {
    this.isLive = true;
    this.isFree.fill(1);
    for (const cause of this.injected) this.isFree[cause] = 0;
  }

  /** From now on this thread carries out the whole machine, in virtual time, of which only waiting takes any. */
  goPrivate(): void {
    this.isLive = false;
    this.isFree.fill(1);
    this.isFree[IDLE] = 0;
  }

  /** Privileged work that takes so long elsewhere. */
  owe(ps: number): void {
    this.owedPs += ps;
    if (this.owedPs < SHORTEST_DELAY_PS) return;
    this.mover.spin(Math.max(1, Math.round(this.owedPs * this.turnsPerPs)));
    this.injectedPs += this.owedPs;
    this.owedPs = 0;
  }

  /** This thread's own part of the memory that is left when the machine goes live. */
  get partOfMemory(): PartOfMemory {
    return { first: this.thread, count: 1, parts: this.area.threads };
  }

  /** Other threads may have changed what this one knows, beside events: it looks. */
  takeNews(): void {}

  /** Lets a domain's thread look at its events. */
  wake(domid: number): void {
    const { control } = this;
    const word = threadWord(domid - this.firstDomid);
    Atomics.add(control, word + WAKE, 1);
    if (Atomics.load(control, word + SLEEPING) !== 0) Atomics.notify(control, word + WAKE);
  }

  relax(turn: number): void {
    if (Atomics.load(this.control, STOP) !== 0) throw new LiveStopped('told to stop');
    if (turn > TURNS_BEFORE_SLEEP) this.nap();
  }

  /** Steps that others can see are disturbed. */
  get disturbs(): boolean {
    return this.prng !== undefined;
  }

  /** A pause of random length, where others should have time to come between two steps. */
  disturb(): void {
    const { prng } = this;
    if (prng === undefined || !this.isLive || prng.below(DISTURBED_OF) !== 0) return;
    if (prng.below(NAP_OF) === 0) this.nap();
    else this.mover.spin(1 + prng.below(LONGEST_DISTURBANCE));
  }

  /** A seeded draw below a limit; 0 where nothing is disturbed. */
  below(limit: number): number {
    return this.prng?.below(limit) ?? 0;
  }

  private nap(): void {
    // Nobody notifies this word: the time is always waited out.
    Atomics.wait(this.control, STOP, 0, NAP_MS);
  }

  /** Turns of the empty loop in a picosecond. The fastest time counts: the others were interrupted. */
  private calibrate(): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < CALIBRATIONS; i++) {
      const from = this.nowPs();
      this.mover.spin(CALIBRATION_TURNS);
      shortest = Math.min(shortest, this.nowPs() - from);
    }
    return CALIBRATION_TURNS / shortest;
  }
}
