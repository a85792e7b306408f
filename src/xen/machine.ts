import { InvariantViolation } from '../base/errors.js';
import { Prng } from '../base/prng.js';
import { PS_PER_S, PS_PER_US } from '../base/units.js';
import type { Features } from '../profiles/feature-list.js';
import type { PriceTable } from '../profiles/price-list.js';
import { EventQueue } from '../sim/event-queue.js';
import { Trace } from '../sim/trace.js';
import { AddressSpace } from './address-space.js';
import { CacheHierarchy, IN_L3 } from './cache.js';
import type { ControlChange, ControlOrder } from './control-order.js';
import { MachineCounters } from './counters.js';
import { DEFAULT_LIMITS, Domain, type DomainLimits, type GuestType } from './domain.js';
import { HypervisorWords } from './hypervisor-words.js';
import { LruTable } from './lru-table.js';
import { MachineMemory } from './memory.js';
import { Pcpu } from './pcpu.js';
import type { Platform } from './platform.js';
import type { SharedLine } from './shared-line.js';
import { Tlb } from './tlb.js';
import type { Vcpu } from './vcpu.js';

export interface MachineOptions {
  readonly features: Features;
  readonly prices: PriceTable;
  readonly pcpus: number;
  readonly seed: number;
  /** Where the domains run at the same time: the parts that differ then. Without it, the simulated ones. */
  readonly platform?: Platform;
}

/** Why a machine stopped. */
export type StopReason = 'quiet' | 'finished' | 'time-limit' | 'event-limit';

/** A part of the hypervisor that a transport brings along (V4V), told of the life of domains. */
export interface HypervisorExtension {
  domainDestroyed?(domain: Domain): void;
  /** Carries out again what another thread's copy of it has recorded (ControlChange). */
  repeat?(data: unknown): void;
}

/**
 * The simulated computer: physical CPUs, memory, Xen and its domains, in virtual time.
 *
 * `run` fires events in order until nothing is left to do. Everything is a function of the options: same options,
 * same trace.
 */
export class Machine {
  readonly queue = new EventQueue();
  readonly trace: Trace;
  readonly counters = new MachineCounters();
  readonly memory: MachineMemory;
  /** Xen's data-path state. */
  readonly words: HypervisorWords;
  readonly platform: Platform | undefined;
  readonly pcpus: Pcpu[] = [];
  readonly features: Features;
  readonly prices: PriceTable;
  readonly prng: Prng;
  /** What each end of a copy pays for a byte, by what CacheHierarchy.touch returns: half the level's price, and what claiming takes. Picoseconds. */
  readonly copyHalfPrices: Float64Array;
  /** The same for a copy shorter than `longCopyBytes`, which the prefetcher does not help. */
  readonly shortCopyHalfPrices: Float64Array;
  readonly longCopyBytes: number;
  readonly ratelimitPs: number;
  readonly timeslicePs: number;
  readonly deepIdlePs: number;
  /** Period of a guest's timer tick; 0 where guests have none. */
  readonly tickPs: number;
  /** 0 to 999: where in its period each guest's tick falls. Varying it varies what the schedule decides. */
  readonly tickPhase: number;
  /** Virtual time of the event in progress. */
  now = 0;
  /** The vCPU whose guest code, or hypercall, is carried out at this moment. */
  executing: Vcpu | undefined;
  private readonly domains = new Map<number, Domain>();
  private readonly zombies = new Map<number, Domain>();
  private readonly extensions = new Map<string, HypervisorExtension>();
  private vcpuCount = 0;
  private nextDomid = 0;
  private finished = false;

  constructor(options: MachineOptions) {
    const { features, prices, platform } = options;
    this.platform = platform;
    this.trace = platform?.trace ?? new Trace();
    this.memory = platform?.memory ?? new MachineMemory(features.cacheGrainBytes);
    this.words = platform?.words ?? new HypervisorWords();
    this.features = features;
    this.prices = prices;
    this.prng = new Prng(options.seed);
    this.tickPhase = this.prng.below(1000);
    const levels = [prices.copyL1, prices.copyL2, prices.copyL3, prices.copyDram];
    const half = (extra: number): Float64Array => {
      const found = levels.map((price, level) => price / 2 + (level >= IN_L3 ? extra / 2 : 0));
      // And from CLAIMED on:
      return Float64Array.from([...found, ...found.map((ps) => ps + prices.copyClaimed)]);
    };
    this.copyHalfPrices = half(0);
    this.shortCopyHalfPrices = half(prices.copyUnprefetched);
    this.longCopyBytes = features.longCopyBytes;
    this.deepIdlePs = features.deepIdleAfterUs * PS_PER_US;
    this.ratelimitPs = features.schedulerRatelimitUs * PS_PER_US;
    this.timeslicePs = features.schedulerTimesliceUs * PS_PER_US;
    this.tickPs = features.guestTickHz === 0 ? 0 : Math.round(PS_PER_S / features.guestTickHz);
    const l3 = new LruTable(Math.max(1, Math.floor(features.l3Bytes / this.memory.grainBytes)));
    for (let id = 0; id < options.pcpus; id++) {
      const cache = new CacheHierarchy(this.memory, id, l3, features);
      const tlb = new Tlb(features.tlbEntries);
      this.pcpus.push(platform?.createPcpu(this, id, tlb, cache) ?? new Pcpu(this, id, tlb, cache));
    }
  }

  /** Creates a domain, dom0 first. @param pcpus the pCPU of each of its vCPUs */
  createDomain(options: {
    name: string;
    type: GuestType;
    pcpus: readonly number[];
    limits?: DomainLimits;
  }): Domain {
    const chosen = options.pcpus.map((id) => {
      const pcpu = this.pcpus[id];
      if (pcpu === undefined) throw new InvariantViolation('no such pCPU', { id });
      return pcpu;
    });
    const domain = new Domain(
      this,
      this.nextDomid++,
      options.name,
      options.type,
      options.limits ?? DEFAULT_LIMITS,
      chosen,
    );
    this.domains.set(domain.domid, domain);
    return domain;
  }

  /** A living domain, or one that is dying: as a hypercall finds it. */
  domain(domid: number): Domain | undefined {
    return this.domains.get(domid);
  }

  allDomains(): IterableIterator<Domain> {
    return this.domains.values();
  }

  /** Domains that are destroyed and cannot go, because a peer maps their frames. */
  allZombies(): IterableIterator<Domain> {
    return this.zombies.values();
  }

  /** Fires events until nothing is left to do, somebody calls `finish`, or a limit is reached. */
  run(limits: { readonly timePs?: number; readonly events?: number } = {}): StopReason {
    const { queue } = this;
    const lastTime = limits.timePs ?? Number.POSITIVE_INFINITY;
    let events = limits.events ?? Number.POSITIVE_INFINITY;
    this.finished = false;
    for (;;) {
      const next = queue.nextTime;
      if (next === Number.POSITIVE_INFINITY) return 'quiet';
      if (next > lastTime) return 'time-limit';
      if (events-- <= 0) return 'event-limit';
      if (next < this.now) {
        throw new InvariantViolation('an event lies in the past', { now: this.now, event: next });
      }
      this.now = next;
      queue.fireNext();
      if (this.finished) return 'finished';
    }
  }

  /** Ends `run` after the event in progress. */
  finish(): void {
    this.finished = true;
  }

  /** Lets every pCPU's accounts reach the same moment, and checks them. */
  settleAccounts(): void {
    let latest = this.now;
    for (const pcpu of this.pcpus) latest = Math.max(latest, pcpu.clock);
    for (const pcpu of this.pcpus) {
      pcpu.idleUntil(latest);
      pcpu.checkAccounts();
    }
  }

  /** Adds a part of the hypervisor, once. */
  extend<T extends HypervisorExtension>(name: string, make: () => T): T {
    let extension = this.extensions.get(name);
    if (extension === undefined) {
      extension = make();
      this.extensions.set(name, extension);
    }
    return extension as T;
  }

  /** Who orders hypercalls, where domains run at the same time and come and go. */
  get order(): ControlOrder | undefined {
    return this.platform?.order;
  }

  /** Changes what Xen knows of its domains: alone, where they run at the same time (ControlOrder). */
  change<T>(work: () => T, record: (result: T) => ControlChange | undefined): T {
    const { order } = this;
    return order === undefined ? work() : order.change(work, record);
  }

  /** Carries out a change that another copy of this machine has carried out. Xenstored's are its own. */
  repeat(change: Exclude<ControlChange, { kind: 'xenstore' }>): void {
    if (change.kind === 'extension') {
      this.extensions.get(change.name)?.repeat?.(change.data);
      return;
    }
    const domain = this.domains.get(change.domid);
    if (domain === undefined) return;
    switch (change.kind) {
      case 'port':
        domain.eventChannels.carryOut(change.call);
        break;
      case 'map':
        domain.grantTable.repeatMap(change.entries);
        break;
      case 'unmap':
        domain.grantTable.repeatUnmap(change.handles);
        break;
      case 'crash':
        domain.crashHere(change.reason);
        break;
      case 'destroy':
        domain.repeatDestroy();
        break;
      case 'forget':
        domain.forgetHere();
        break;
    }
  }

  /** Numbers every vCPU of the machine, from 1. */
  nextVcpuNumber(): number {
    return ++this.vcpuCount;
  }

  /** The cache line at a machine address: one object for all who look there. */
  sharedLine(machineAddress: number): SharedLine {
    return this.memory.sharedLine(machineAddress);
  }

  /** One frame through Xen's own mapping, at page 1 of a scratch address space. */
  hypervisorWindow(mfn: number): AddressSpace {
    this.window.map(1, mfn, true);
    return this.window;
  }
  private readonly window = new AddressSpace(-1);

  /** A guest has stopped by itself: whoever watches (the toolstack) learns of it later. */
  domainStopped(domain: Domain): void {
    for (const watcher of this.stopWatchers) watcher(domain);
  }
  readonly stopWatchers: ((domain: Domain) => void)[] = [];

  domainDestroyed(domain: Domain): void {
    this.zombies.set(domain.domid, domain);
    for (const extension of this.extensions.values()) extension.domainDestroyed?.(domain);
  }

  /** A destroyed domain is wholly gone. */
  forget(domain: Domain): void {
    this.zombies.delete(domain.domid);
    this.domains.delete(domain.domid);
  }
}
