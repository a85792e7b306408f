import { TRACE } from '../sim/trace.js';
import { ENTRY_EOI, EVENT_DELIVERY } from './causes.js';
import { IRET } from './counters.js';
import type { EventPort } from './event-channels.js';
import { ipiArrival, type Pcpu } from './pcpu.js';
import type { Vcpu } from './vcpu.js';

/**
 * The events of one vCPU: its ports that are pending, the upcall that Xen has marked for them, and what the guest does
 * when it takes it.
 *
 * A sender's hypercall may lie ahead of this vCPU's clock: what it sends is seen at the moment at which it is sent.
 */
export class Upcalls {
  /** Xen has marked an upcall (evtchn_upcall_pending in vcpu_info). */
  isPending = false;
  /** Moment at which it was marked: the sender's clock. */
  private since = 0;
  /** Ports that are pending and not masked, in the order in which they became so. */
  private readonly ports: EventPort[] = [];
  /** An interrupt is on its way that lets the vCPU look. */
  private isInterruptSent = false;
  private isInHandler = false;
  private readonly wantsEoi: boolean;

  constructor(protected readonly vcpu: Vcpu) {
    const { features } = vcpu.machine;
    this.wantsEoi = vcpu.domain.type === 'pvh' && features.upcallVector && !features.virtualApic;
  }

  /** A pending port is not masked, or no more. @param from the pCPU on which Xen runs */
  raise(port: EventPort, from: Pcpu): void {
    this.ports.push(port);
    this.mark(from);
  }

  /** Xen marks the upcall, and sees that the vCPU takes it. @param from the pCPU on which Xen runs */
  mark(from: Pcpu): void {
    const { vcpu } = this;
    from.catchUp();
    if (this.isPending && from.clock >= this.since) return;
    const isFirst = !this.isPending;
    this.isPending = true;
    this.since = from.clock;
    switch (vcpu.state) {
      case 'blocked':
        vcpu.wakeFrom(from);
        break;
      case 'waking':
        // Woken by one that is further ahead: this one may come first.
        if (from !== vcpu.pcpu && vcpu.wakesAfter(from.clock + vcpu.machine.prices.ipi)) {
          vcpu.wake(ipiArrival(from));
        }
        break;
      case 'running':
        // Its own hypercall takes the upcall on the way back; elsewhere it must be interrupted.
        if (isFirst && from !== vcpu.pcpu && !this.isInterruptSent) {
          this.isInterruptSent = true;
          vcpu.kickAt(ipiArrival(from));
        }
        break;
      default:
        break;
    }
  }

  /** The interrupt that was sent has arrived. */
  interruptArrived(): void {
    this.isInterruptSent = false;
  }

  /** Whether an upcall is marked by now. One that will be marked, by a sender who is ahead, brings its own interrupt. */
  get isDue(): boolean {
    return this.isPending && this.since <= this.vcpu.pcpu.clock;
  }

  /** On the way back to the guest: an upcall that is due is taken, unless the guest is in the handler already. */
  takeOnReturn(): void {
    if (!this.isInHandler && this.isDue) this.deliver();
  }

  /** At an interrupt, or when the vCPU has just been given the pCPU. */
  take(): void {
    if (this.isDue || this.vcpu.kernel.timerPending) this.deliver();
    else if (this.isPending) this.expect(this.since);
  }

  /** The guest's event upcall: the timer's and every pending port's handler run. */
  deliver(): void {
    const { vcpu, ports, wantsEoi } = this;
    const { machine, pcpu, kernel, domain } = vcpu;
    const { prices, counters, trace } = machine;
    vcpu.staysAwake();
    this.isInHandler = true;
    do {
      this.isPending = false;
      pcpu.charge(EVENT_DELIVERY, prices.inject);
      trace.add(TRACE.upcall, pcpu.clock, domain.domid, ports.length, 0);
      // One that brings no event has come for the timer alone, and so do its entries.
      if (ports.length === 0 && kernel.timerPending && (wantsEoi || domain.type === 'pv')) {
        counters.work.timerEntries++;
      }
      if (wantsEoi) vcpu.exit(ENTRY_EOI);
      if (kernel.timerPending) kernel.takeTimer();
      this.handlePorts();
      if (domain.type === 'pv') vcpu.enter(IRET);
    } while (this.isDue);
    this.isInHandler = false;
  }

  /** Runs the handlers of the ports that are pending. Those whose sender is ahead stay, for an upcall of their own. */
  private handlePorts(): void {
    const { ports } = this;
    const { pcpu, machine } = this.vcpu;
    const { prices, counters } = machine;
    let later = 0;
    while (ports.length > later) {
      const port = ports.shift() as EventPort;
      if (!port.pending || port.masked) continue;
      if (port.pendingSince > pcpu.clock) {
        ports.push(port);
        later++;
        this.expect(port.pendingSince);
        continue;
      }
      port.clearPending();
      counters.events.delivered++;
      pcpu.charge(EVENT_DELIVERY, prices.upcall);
      port.handler?.(port);
    }
  }

  /** A sender who is ahead will mark the upcall at a moment, and then interrupt this vCPU. */
  private expect(sincePs: number): void {
    this.since = this.isPending ? Math.min(this.since, sincePs) : sincePs;
    this.isPending = true;
    if (this.isInterruptSent) return;
    this.isInterruptSent = true;
    const { counters, prices } = this.vcpu.machine;
    counters.events.ipis++;
    this.vcpu.kickAt(sincePs + prices.ipi);
  }
}
