import { ORDER, type Process } from '../../src/sim/process.js';
import type { ConnectFailure } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { Domain } from '../../src/xen/domain.js';
import { EEXIST, ENOSPC, EPERM, errnoName } from '../../src/xen/errno.js';
import type { HypervisorExtension } from '../../src/xen/machine.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../src/xen/memory.js';
import { type Argo, argoOf, NOT_YET } from './argo.js';
import { DOMID_ANY, GFN_BYTES, VIRQ_ARGO } from './argo-abi.js';
import { pagesOfRing } from './argo-ring.js';
import type { DatagramSender } from './datagram.js';
import type { ReceiveRing } from './receive-ring.js';

/** A hypercall's arguments, and some room for the payload of a control message. */
const DESCRIPTOR_BYTES = 64;
/** Where ports begin that a socket takes when it does not care. */
const FIRST_FREE_PORT = 0x40000000;

/** Memory of a ring that Xen has registered. */
export interface RegisteredRing {
  readonly port: number;
  readonly partner: number;
  readonly bytes: number;
  readonly address: number;
}

/**
 * The V4V driver in one guest's kernel: the one VIRQ that Argo has for a domain, and what all its sockets share.
 */
export class V4vDriver {
  readonly argo: Argo;
  /** Rings at which an interrupt looks. */
  readonly rings: ReceiveRing[] = [];
  /** Sockets that wait for room at a receiver. No interrupt says which of them it is for. */
  readonly blockedSenders: DatagramSender[] = [];
  private virqPort = -1;
  private nextPort = FIRST_FREE_PORT;
  private readonly freeDescriptors: number[] = [];
  private readonly freeBuffers = new Map<number, number[]>();

  private constructor(readonly guest: Guest) {
    this.argo = argoOf(guest.machine);
  }

  /** The driver of a guest: loaded when first used, and kept by the machine. */
  static of(guest: Guest): V4vDriver {
    const drivers = guest.machine.extend('v4v', () => new Drivers()).byDomid;
    let driver = drivers.get(guest.domid);
    if (driver === undefined) {
      driver = new V4vDriver(guest);
      drivers.set(guest.domid, driver);
    }
    return driver;
  }

  /** Binds VIRQ_ARGO, the first time. */
  start(): ConnectFailure | undefined {
    if (this.virqPort >= 0) return undefined;
    const { vcpu, domain } = this.guest;
    const port = domain.eventChannels.bindVirq(vcpu, VIRQ_ARGO);
    if (port === -EEXIST) return { failed: 'VIRQ_ARGO is bound by somebody else in this domain' };
    if (port < 0) {
      return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
    }
    this.virqPort = port;
    domain.eventChannels.handle(port, this.onVirq);
    return undefined;
  }

  /** VIRQ_ARGO says that something has happened in Argo, and nothing else: look everywhere. */
  private readonly onVirq = (): void => {
    for (const ring of this.rings) ring.onInterrupt();
    for (const sender of this.blockedSenders) sender.onInterrupt();
  };

  takePort(): number {
    return this.nextPort++;
  }

  /** Registers a ring in fresh pages. */
  *openRing(
    port: number,
    partner: number,
    bytes: number,
  ): Process<RegisteredRing | ConnectFailure> {
    const { guest, argo } = this;
    const { domain, vcpu } = guest;
    const pages = pagesOfRing(bytes);
    const address = domain.allocate(pages);
    const listPages = Math.ceil((pages * GFN_BYTES) / PAGE_SIZE);
    const list = domain.allocate(listPages);
    for (let i = 0; i < pages; i++) {
      const page = (address >> PAGE_SHIFT) + i;
      // A PV guest knows its machine frames, and names those.
      const gfn = domain.type === 'pv' ? domain.space.frameAt(page) : page;
      this.write32(list + i * GFN_BYTES, gfn);
    }
    const descriptor = this.takeDescriptor();
    this.write32(descriptor, port);
    this.write32(descriptor + 4, partner);
    this.write32(descriptor + 8, bytes);
    let status: number;
    for (;;) {
      status = argo.registerRing(vcpu, descriptor, list, pages, 0);
      if (status !== NOT_YET) break;
      yield ORDER;
    }
    this.giveDescriptor(descriptor);
    domain.free(list, listPages);
    if (status === 0) return { port, partner, bytes, address };
    domain.free(address, pages);
    return registrationFailure(status, partner);
  }

  /** Unregisters a ring and frees its pages. Xen may have removed it before, with its partner. */
  *closeRing(ring: RegisteredRing): Process<void> {
    const { argo, guest } = this;
    const descriptor = this.takeDescriptor();
    this.write32(descriptor, ring.port);
    this.write32(descriptor + 4, ring.partner);
    while (argo.unregisterRing(guest.vcpu, descriptor) === NOT_YET) yield ORDER;
    this.giveDescriptor(descriptor);
    guest.domain.free(ring.address, pagesOfRing(ring.bytes));
  }

  /** Whether a ring has room that a sender may wait for, and Xen does not know. */
  get owesNotify(): boolean {
    for (const ring of this.rings) if (ring.owesNotify) return true;
    return false;
  }

  /** Before a task of this domain goes to sleep: tells Xen of the room, if that is owed. */
  *settleNotifies(): Process<void> {
    if (!this.owesNotify) return;
    while (this.argo.notify(this.guest.vcpu, 0) === NOT_YET) yield ORDER;
    this.notified();
  }

  /** `notify` looks at all rings of the domain: none owes one any more. */
  notified(): void {
    for (const ring of this.rings) ring.onNotified();
  }

  /** Where domains run at the same time no two sockets share a page: one can be made while another sends. */
  private get givesWholePages(): boolean {
    return this.guest.machine.platform !== undefined;
  }

  /** Kernel memory for the arguments of a hypercall: 64 bytes that lie in one page. */
  takeDescriptor(): number {
    if (this.givesWholePages) return this.guest.domain.allocate(1);
    if (this.freeDescriptors.length === 0) {
      const page = this.guest.domain.allocate(1);
      for (let at = PAGE_SIZE - DESCRIPTOR_BYTES; at >= 0; at -= DESCRIPTOR_BYTES) {
        this.freeDescriptors.push(page + at);
      }
    }
    const descriptor = this.freeDescriptors.pop() as number;
    for (let i = 0; i < DESCRIPTOR_BYTES; i += 4) this.write32(descriptor + i, 0);
    return descriptor;
  }

  giveDescriptor(descriptor: number): void {
    if (this.givesWholePages) this.guest.domain.free(descriptor, 1);
    else this.freeDescriptors.push(descriptor);
  }

  /** Kernel pages for a message that waits for its reader outside the ring. */
  takeBuffer(pages: number): number {
    return this.freeBuffers.get(pages)?.pop() ?? this.guest.domain.allocate(pages);
  }

  giveBuffer(address: number, pages: number): void {
    const free = this.freeBuffers.get(pages);
    if (free === undefined) this.freeBuffers.set(pages, [address]);
    else free.push(address);
  }

  /** Writes a word of kernel memory, which lies in the cache. */
  write32(address: number, value: number): void {
    const { domain, machine } = this.guest;
    machine.memory.words[domain.space.translate(address, true) >> 2] = value;
  }
}

/** The drivers of all domains: a destroyed domain's goes with it. */
class Drivers implements HypervisorExtension {
  readonly byDomid = new Map<number, V4vDriver>();

  domainDestroyed(domain: Domain): void {
    this.byDomid.delete(domain.domid);
  }
}

function registrationFailure(status: number, partner: number): ConnectFailure {
  const failed = `ring refused (${errnoName(status)})`;
  if (status === -ENOSPC) return { failed, limit: 'rings a domain' };
  if (status === -EPERM && partner === DOMID_ANY) {
    return { failed: 'wildcard rings are switched off', limit: 'mac-permissive' };
  }
  return { failed };
}
