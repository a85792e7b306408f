import { InvariantViolation } from '../base/errors.js';
import { TRACE } from '../sim/trace.js';
import { HYPERVISOR_WORK } from './causes.js';
import type { PortCall } from './control-order.js';
import { EVTCHN_CONTROL, EVTCHN_SEND, EVTCHN_UNMASK } from './counters.js';
import type { Domain } from './domain.js';
import { EEXIST, EINVAL, ENOSPC, ESRCH } from './errno.js';
import { type HypervisorWords, NO_WORD } from './hypervisor-words.js';
import type { Pcpu } from './pcpu.js';
import type { Vcpu } from './vcpu.js';

export type PortState = 'free' | 'unbound' | 'interdomain' | 'virq';

/** DOMID_SELF of the public headers. */
export const DOMID_SELF = 0x7ff0;

/** Bits of a port in the hypervisor's table: evtchn_pending and evtchn_mask. */
export const PORT_PENDING = 1;
export const PORT_MASKED = 2;

/** One event-channel port of a domain. */
export class EventPort {
  state: PortState = 'free';
  /** Moment at which the event that is pending was sent: the sender's clock, which may be ahead of the receiver's. */
  pendingSince = 0;
  remoteDomid = -1;
  remotePort = -1;
  virq = -1;
  /** What the guest kernel does when the event arrives. */
  handler: ((port: EventPort) => void) | undefined;

  constructor(
    readonly domain: Domain,
    readonly number: number,
    /** vCPU that takes the upcall. */
    readonly vcpu: Vcpu,
    private readonly words: HypervisorWords,
    /** Its word in the hypervisor's table. */
    private word: number,
  ) {
    // Masked until the guest kernel has a handler for it (init_array_page of Linux's events_fifo.c).
    words.store(word, PORT_MASKED);
  }

  get pending(): boolean {
    return (this.words.load(this.word) & PORT_PENDING) !== 0;
  }

  get masked(): boolean {
    return (this.words.load(this.word) & PORT_MASKED) !== 0;
  }

  set masked(value: boolean) {
    if (value) this.words.or(this.word, PORT_MASKED);
    else this.words.and(this.word, ~PORT_MASKED);
  }

  /** The event has been sent. Returns the bits as they were. */
  setPending(): number {
    return this.words.or(this.word, PORT_PENDING);
  }

  /** The event is taken. */
  clearPending(): void {
    this.words.and(this.word, ~PORT_PENDING);
  }

  /** The port is closed: whoever still holds it finds nothing pending. */
  giveWordBack(): void {
    this.words.release(this.word, 1);
    this.word = NO_WORD;
  }
}

/** Ports a domain can have at most under each ABI: 64-bit 2-level, and FIFO (xen/include/public/event_channel.h). */
export const TWO_LEVEL_PORTS = 4096;
export const FIFO_PORTS = 131072;
/** Virtual interrupts there are (xen/include/public/xen.h). */
export const NR_VIRQS = 24;

/**
 * The event channels of one domain, and the operations of event_channel_op that it may ask for
 * (xen/common/event_channel.c). Results below zero are negated error numbers.
 *
 * Port 0 is never given out.
 */
export class EventChannels {
  private readonly ports: (EventPort | undefined)[] = [undefined];
  /** No free port lies below this one. */
  private firstFree = 1;
  private readonly virqPorts = new Map<number, EventPort>();
  private inUse = 0;
  /** Highest number of ports in use: `max_event_channels` of the domain's configuration (xl's default is 1023). */
  limit = 1023;
  abi: '2-level' | 'fifo' = 'fifo';
  /** Ports that the domain's kernel holds for itself and that are not modelled one by one: they count towards the limit. */
  kernelPorts = 0;

  constructor(private readonly domain: Domain) {}

  get count(): number {
    return this.inUse;
  }

  port(number: number): EventPort | undefined {
    return this.ports[number];
  }

  /** Ports in use, in order of their numbers. */
  *all(): Generator<EventPort> {
    for (const port of this.ports) if (port !== undefined && port.state !== 'free') yield port;
  }

  /** EVTCHNOP_alloc_unbound: a port that one other domain may bind to. Xen does not ask whether it exists. */
  allocUnbound(vcpu: Vcpu, remoteDomid: number): number {
    return this.control(vcpu, { call: 'alloc-unbound', vcpu: vcpu.id, remoteDomid });
  }

  private allocatePort(vcpu: Vcpu, remoteDomid: number): number {
    const port = this.allocate(vcpu);
    if (typeof port === 'number') return port;
    port.state = 'unbound';
    port.remoteDomid = remoteDomid === DOMID_SELF ? this.domain.domid : remoteDomid;
    return port.number;
  }

  /** EVTCHNOP_bind_interdomain: connects a fresh port to an unbound port of another domain. */
  bindInterdomain(vcpu: Vcpu, remoteDomid: number, remotePort: number): number {
    return this.control(vcpu, { call: 'bind-interdomain', vcpu: vcpu.id, remoteDomid, remotePort });
  }

  private bindPort(vcpu: Vcpu, remoteDomid: number, remotePort: number): number {
    const remoteDomain = this.domain.machine.domain(
      remoteDomid === DOMID_SELF ? this.domain.domid : remoteDomid,
    );
    if (remoteDomain === undefined) return -ESRCH;
    // Xen takes the port before it looks at the other side: a full table is the first error.
    const refused = this.noPortLeft();
    if (refused < 0) return refused;
    const remote = remoteDomain.eventChannels.port(remotePort);
    if (
      remote === undefined ||
      remote.state !== 'unbound' ||
      remote.remoteDomid !== this.domain.domid
    ) {
      return -EINVAL;
    }
    const port = this.allocate(vcpu);
    if (typeof port === 'number') return port;
    port.state = 'interdomain';
    port.remoteDomid = remoteDomain.domid;
    port.remotePort = remotePort;
    remote.state = 'interdomain';
    remote.remotePort = port.number;
    // Xen sets a freshly bound port pending: an event may have been lost before it was bound.
    this.setPending(port, vcpu.pcpu);
    return port.number;
  }

  /** EVTCHNOP_bind_virq for a virtual interrupt that is global to the domain: one binder only. */
  bindVirq(vcpu: Vcpu, virq: number): number {
    return this.control(vcpu, { call: 'bind-virq', vcpu: vcpu.id, virq });
  }

  private bindVirqPort(vcpu: Vcpu, virq: number): number {
    if (virq < 0 || virq >= NR_VIRQS) return -EINVAL;
    if (this.virqPorts.has(virq)) return -EEXIST;
    const port = this.allocate(vcpu);
    if (typeof port === 'number') return port;
    port.state = 'virq';
    port.virq = virq;
    this.virqPorts.set(virq, port);
    return port.number;
  }

  /**
   * EVTCHNOP_send: at the other end the port becomes pending.
   *
   * @param says what it is about, for who draws it
   */
  send(vcpu: Vcpu, number: number, says = ''): number {
    const { machine } = this.domain;
    vcpu.enter(EVTCHN_SEND);
    vcpu.pcpu.charge(HYPERVISOR_WORK, machine.prices.evtchnSend);
    const { order } = machine;
    order?.enter();
    const result = this.sendFrom(vcpu.pcpu, number, says);
    order?.leave();
    vcpu.leave();
    return result;
  }

  private sendFrom(pcpu: Pcpu, number: number, says: string): number {
    const { machine } = this.domain;
    const port = this.ports[number];
    if (port === undefined || port.state === 'free' || port.state === 'virq') return -EINVAL;
    machine.counters.events.sent++;
    const { domid } = this.domain;
    machine.trace.add(TRACE['event-send'], pcpu.clock, domid, number, port.remoteDomid, says);
    // Sending on an unbound port is not an error, and does nothing.
    if (port.state === 'unbound') return 0;
    const remote = machine.domain(port.remoteDomid)?.eventChannels;
    const target = remote?.port(port.remotePort);
    if (remote !== undefined && target !== undefined) remote.setPending(target, pcpu);
    return 0;
  }

  /** Xen raises a virtual interrupt in this domain (send_guest_global_virq). Lost where nobody has bound it. */
  raiseVirq(virq: number, from: Pcpu): void {
    const port = this.virqPorts.get(virq);
    if (port === undefined) return;
    const { counters, trace } = this.domain.machine;
    counters.events.virqs++;
    from.catchUp();
    trace.add(TRACE.virq, from.clock, this.domain.domid, virq, 0);
    this.setPending(port, from);
  }

  /** Mask, as the guest kernel does by itself in shared memory. */
  mask(number: number): void {
    const port = this.ports[number];
    if (port !== undefined) port.masked = true;
  }

  /**
   * Unmasks a port. The guest clears the bit in shared memory, and needs the hypercall only where an event came
   * meanwhile, so that its upcall is raised.
   */
  unmask(vcpu: Vcpu, number: number): number {
    const port = this.ports[number];
    if (port === undefined) return -EINVAL;
    port.masked = false;
    if (!port.pending) return 0;
    vcpu.enter(EVTCHN_UNMASK);
    vcpu.pcpu.charge(HYPERVISOR_WORK, this.domain.machine.prices.evtchnControl);
    port.vcpu.upcalls.raise(port, vcpu.pcpu);
    vcpu.leave();
    return 0;
  }

  /** EVTCHNOP_close. The other end of an interdomain channel becomes unbound again. */
  close(vcpu: Vcpu, number: number): number {
    return this.control(vcpu, { call: 'close', vcpu: vcpu.id, port: number });
  }

  private closePort(number: number): number {
    const port = this.ports[number];
    if (port === undefined || port.state === 'free') return -EINVAL;
    this.release(port);
    return 0;
  }

  /** The domain is destroyed: all its ports go. */
  closeAll(): void {
    for (const port of this.all()) this.release(port);
  }

  /**
   * Binds a port's events to a handler in the guest kernel, and unmasks it (bind_evtchn_to_irqhandler): an event that is
   * pending already, as on a port that was just bound to another domain's, comes at once.
   */
  handle(number: number, handler: (port: EventPort) => void): void {
    const port = this.ports[number];
    if (port === undefined) return;
    port.handler = handler;
    this.unmask(port.vcpu, number);
  }

  /**
   * Connects two domains as the toolstack does when it creates one of them: without a hypercall of theirs.
   *
   * @returns the port on this side and the port on the other
   */
  wireTo(other: EventChannels): [EventPort, EventPort] {
    const mine = this.allocate(this.domain.vcpu);
    const theirs = other.allocate(other.domain.vcpu);
    if (typeof mine === 'number' || typeof theirs === 'number') {
      throw new InvariantViolation('no port left for the toolstack', { domid: this.domain.domid });
    }
    for (const [port, remote] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      port.state = 'interdomain';
      port.remoteDomid = remote.domain.domid;
      port.remotePort = remote.number;
      // Both kernels have their handlers from boot.
      port.masked = false;
    }
    return [mine, theirs];
  }

  private setPending(port: EventPort, from: Pcpu): void {
    const { counters } = this.domain.machine;
    from.catchUp();
    const before = port.setPending();
    if ((before & PORT_PENDING) !== 0) {
      counters.events.coalesced++;
      port.pendingSince = Math.min(port.pendingSince, from.clock);
      return;
    }
    port.pendingSince = from.clock;
    if ((before & PORT_MASKED) === 0) port.vcpu.upcalls.raise(port, from);
    for (const vcpu of this.domain.vcpus) vcpu.endPoll(port.number, from);
  }

  /** A hypercall that changes which ports there are. */
  private control(vcpu: Vcpu, call: PortCall): number {
    const { machine, domid } = this.domain;
    vcpu.enter(EVTCHN_CONTROL);
    vcpu.pcpu.charge(HYPERVISOR_WORK, machine.prices.evtchnControl);
    vcpu.leave();
    return machine.change(
      () => this.carryOut(call),
      () => ({ kind: 'port', domid, call }),
    );
  }

  /** Changes the ports: by a hypercall of this domain, or again in another copy of the machine. */
  carryOut(call: PortCall): number {
    const vcpu = this.domain.vcpus[call.vcpu] as Vcpu;
    switch (call.call) {
      case 'alloc-unbound':
        return this.allocatePort(vcpu, call.remoteDomid);
      case 'bind-interdomain':
        return this.bindPort(vcpu, call.remoteDomid, call.remotePort);
      case 'bind-virq':
        return this.bindVirqPort(vcpu, call.virq);
      case 'close':
        return this.closePort(call.port);
    }
  }

  /** The error of get_free_port, or 0 where it would find one. */
  private noPortLeft(): number {
    if (this.domain.state === 'dying') return -EINVAL;
    const most = Math.min(this.limit, (this.abi === 'fifo' ? FIFO_PORTS : TWO_LEVEL_PORTS) - 1);
    return this.inUse + this.kernelPorts >= most ? -ENOSPC : 0;
  }

  /** The lowest free port. It is bound to the vCPU that asks, as Linux does with EVTCHNOP_bind_vcpu. */
  private allocate(vcpu: Vcpu): EventPort | number {
    const refused = this.noPortLeft();
    if (refused < 0) return refused;
    let number = this.firstFree;
    while (this.ports[number] !== undefined) number++;
    this.firstFree = number + 1;
    const { words } = this.domain.machine;
    const port = new EventPort(this.domain, number, vcpu, words, words.allocate(1));
    this.ports[number] = port;
    this.inUse++;
    this.domain.machine.counters.events.channels++;
    return port;
  }

  private release(port: EventPort): void {
    if (port.state === 'interdomain') {
      const remote = this.domain.machine
        .domain(port.remoteDomid)
        ?.eventChannels.port(port.remotePort);
      if (remote !== undefined && remote.state === 'interdomain') {
        remote.state = 'unbound';
        remote.remotePort = -1;
      }
    }
    if (port.state === 'virq') this.virqPorts.delete(port.virq);
    port.state = 'free';
    port.handler = undefined;
    port.giveWordBack();
    this.ports[port.number] = undefined;
    this.firstFree = Math.min(this.firstFree, port.number);
    this.inUse--;
  }
}
