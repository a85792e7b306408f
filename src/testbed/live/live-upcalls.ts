import { EVENT_DELIVERY } from '../../xen/causes.js';
import type { EventPort } from '../../xen/event-channels.js';
import type { Pcpu } from '../../xen/pcpu.js';
import { Upcalls } from '../../xen/upcalls.js';
import type { Vcpu } from '../../xen/vcpu.js';
import type { LivePlatform } from './live-platform.js';

/**
 * The events of a live vCPU. Whoever sends sets the port's bit and wakes the thread; the thread looks at its ports when
 * it has nothing else to do, as a guest that has its interrupts off meanwhile.
 */
export class LiveUpcalls extends Upcalls {
  private ownPorts: readonly EventPort[] | undefined;

  constructor(
    vcpu: Vcpu,
    private readonly platform: LivePlatform,
  ) {
    super(vcpu);
  }

  override raise(port: EventPort, from: Pcpu): void {
    if (this.platform.isLive) this.platform.wake(this.vcpu.domain.domid);
    else super.raise(port, from);
  }

  /** Whether an event waits to be taken. */
  get hasPending(): boolean {
    this.ownPorts ??= [...this.vcpu.domain.eventChannels.all()];
    return this.ownPorts.some((port) => port.pending && !port.masked);
  }

  /** Ports have been bound or closed: they are looked up anew. */
  portsChanged(): void {
    this.ownPorts = undefined;
  }

  /** Runs the handlers of all ports that are pending and not masked. */
  takePending(): void {
    const { machine, pcpu, domain } = this.vcpu;
    const { prices, counters } = machine;
    this.ownPorts ??= [...domain.eventChannels.all()];
    let isFirst = true;
    for (const port of this.ownPorts) {
      if (!port.pending || port.masked) continue;
      if (isFirst) pcpu.charge(EVENT_DELIVERY, prices.inject);
      isFirst = false;
      port.clearPending();
      counters.events.delivered++;
      pcpu.charge(EVENT_DELIVERY, prices.upcall);
      port.handler?.(port);
    }
  }
}
