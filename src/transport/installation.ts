import { InvariantViolation } from '../base/errors.js';
import type { Process } from '../sim/process.js';
import { ORDER } from '../sim/process.js';
import { TEARDOWN } from '../xen/causes.js';
import { DEFAULT_LIMITS, type Domain, type DomainLimits, type GuestType } from '../xen/domain.js';
import { Machine, type MachineOptions } from '../xen/machine.js';
import { PAGE_SIZE } from '../xen/memory.js';
import type { XenstoreQuotas } from '../xen/xenstore/protocol.js';
import { Xenstored } from '../xen/xenstore/xenstored.js';
import { Guest } from './guest.js';

/** `own`: each vCPU on a pCPU of its own, dom0's included; `shared`: all on one. */
export type Placement = 'own' | 'shared';

export interface GuestSpec {
  readonly name: string;
  readonly type: GuestType;
  /** Its vCPU lives on the pCPU of the guest with this index, which comes before it, whatever the placement. */
  readonly pcpuOf?: number;
}

export interface InstallationOptions {
  /** What happens on this hardware, and what it costs. */
  readonly hardware: Pick<MachineOptions, 'features' | 'prices' | 'platform'>;
  /** The domains beside dom0, in the order of their domids from 1. */
  readonly guests: readonly GuestSpec[];
  readonly placement: Placement;
  /** `default`: what xl and xenstored give a domain; `raised`: RAISED_LIMITS and RAISED_QUOTAS. */
  readonly limits: 'default' | 'raised';
  readonly seed: number;
  /**
   * on_crash of xl.cfg: a domain that crashes stays as it is ("preserve", and the default here), or the toolstack
   * destroys it when it learns of the crash.
   */
  readonly onCrash?: 'preserve' | 'destroy';
  /** Limits of all guests that differ from those that `limits` names. */
  readonly guestLimits?: Partial<DomainLimits>;
  /** Quotas of xenstored that differ from those that `limits` names. */
  readonly quotas?: Partial<XenstoreQuotas>;
}

/** Limits high enough that none is met: what an administrator would set for thousands of connections. */
export const RAISED_LIMITS: DomainLimits = {
  eventChannels: 131_071,
  eventAbi: 'fifo',
  grantFrames: 4096,
  maptrackFrames: 65_536,
};

/** Quotas of xenstored to go with RAISED_LIMITS. */
export const RAISED_QUOTAS: Partial<XenstoreQuotas> = {
  nodesPerDomain: 1_000_000,
  watchesPerDomain: 100_000,
  transactionsPerDomain: 10_000,
  memoryPerDomainBytes: 0,
  // A node's children count towards its size: thousands of connections below one node.
  entrySizeBytes: 1_048_576,
};

/**
 * Event channels that Linux with one vCPU binds while it boots, beside xenstore's: console, timer, and those by which its
 * CPUs would call one another. Seen on real Xen (EVTCHNOP_status of an idle guest: six with xenstore's).
 */
const LINUX_PORTS = 5;

const GIB_BYTES = 1024 * 1024 * 1024;

/**
 * An installation of Xen: a machine with dom0, xenstored in it, and guests that it knows.
 *
 * Nothing has run when it is built, and building it takes no virtual time. A transport that needs something in dom0
 * starts it next (`TransportDriver.prepareDom0`).
 */
export class Installation {
  readonly machine: Machine;
  readonly xenstored: Xenstored;
  readonly dom0: Guest;
  private readonly created: Guest[] = [];
  private readonly limits: DomainLimits;

  constructor(options: InstallationOptions) {
    const shared = options.placement === 'shared';
    const raised = options.limits === 'raised';
    this.limits = { ...(raised ? RAISED_LIMITS : DEFAULT_LIMITS), ...options.guestLimits };
    this.machine = new Machine({
      ...options.hardware,
      pcpus: shared ? 1 : 1 + options.guests.length,
      seed: options.seed,
    });
    // dom0's own limits are never what is studied.
    const dom0 = this.machine.createDomain({
      name: 'dom0',
      type: 'pv',
      pcpus: [0],
      limits: RAISED_LIMITS,
    });
    this.xenstored = new Xenstored(dom0, {
      ...(raised ? RAISED_QUOTAS : {}),
      ...options.quotas,
    });
    this.dom0 = new Guest(dom0, this.xenstored.introduce(dom0));
    options.guests.forEach((spec, index) => {
      const { pcpuOf } = spec;
      const pcpu = pcpuOf === undefined ? index + 1 : this.guest(pcpuOf).vcpu.pcpu.id;
      this.create(spec, shared ? 0 : pcpu);
    });
    if (options.onCrash === 'destroy') {
      this.machine.stopWatchers.push((domain) => {
        if (domain.state === 'crashed') {
          dom0.vcpu.spawn('toolstack', this.destroyCrashed(domain));
        }
      });
    }
  }

  /** The domains beside dom0, in the order in which they were created. */
  get guests(): readonly Guest[] {
    return this.created;
  }

  private create(spec: GuestSpec, pcpu: number): Guest {
    const { name, type } = spec;
    const domain = this.machine.createDomain({ name, type, pcpus: [pcpu], limits: this.limits });
    domain.eventChannels.kernelPorts = LINUX_PORTS;
    const guest = new Guest(domain, this.xenstored.introduce(domain));
    this.created.push(guest);
    return guest;
  }

  /** The toolstack starts a domain anew that is gone: another domid, nothing of the old one's. It boots in no time. */
  recreate(guest: Guest): Guest {
    const { name, type } = guest.domain;
    return this.create({ name, type }, guest.vcpu.pcpu.id);
  }

  /** xl destroy: a process of dom0 has Xen destroy the domain and tells xenstored. */
  destroy(domain: Domain): void {
    this.dom0.vcpu.spawn('toolstack', this.destroyDomain(domain));
  }

  /** A guest by its place in `guests`, from 0. */
  guest(index: number): Guest {
    const guest = this.guests[index];
    if (guest === undefined) throw new InvariantViolation('no such guest', { index });
    return guest;
  }

  /**
   * Who waits for what among the guests' processes, and which guests have crashed: why a machine that has come to rest
   * does not go on. Processes of dom0 serve others and wait for ever; they are left out.
   */
  whoWaits(): string[] {
    const waiting: string[] = [];
    for (const { domain } of this.guests) {
      if (!domain.isAlive) waiting.push(`${domain.name} is ${domain.state}: ${domain.crashReason}`);
      else {
        for (const task of domain.vcpus.flatMap((vcpu) => vcpu.tasks)) {
          if (task.state === 'blocked') {
            waiting.push(`${domain.name}/${task.name} waits for ${task.waitingFor}`);
          }
        }
      }
    }
    return waiting;
  }

  /** libxl learns of a crash and has Xen destroy the domain (libxl_domain_destroy). A process of dom0. */
  private *destroyCrashed(domain: Domain): Process {
    const { vcpu } = this.dom0;
    const { prices } = this.machine;
    yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + prices.crashDetection);
    yield* this.destroyDomain(domain);
  }

  private *destroyDomain(domain: Domain): Process {
    const { vcpu } = this.dom0;
    const { prices } = this.machine;
    const gib = (domain.heldFrames * PAGE_SIZE) / GIB_BYTES;
    vcpu.pcpu.charge(TEARDOWN, Math.round(gib * prices.domainTeardownPerGib));
    while (vcpu.isAhead()) yield ORDER;
    if (domain.state === 'dying' || domain.state === 'dead') return;
    domain.destroy();
    this.xenstored.release(domain.domid);
  }
}
