import type { Domain } from '../xen/domain.js';
import { EventDevice } from '../xen/event-device.js';
import type { GuestMemory } from '../xen/guest-memory.js';
import type { Machine } from '../xen/machine.js';
import type { Vcpu } from '../xen/vcpu.js';
import type { XenstoreConnection } from '../xen/xenstore/xenstored.js';

/** A domain as a driver sees it: what a program in that guest can use. */
export class Guest {
  readonly machine: Machine;
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
  /** Its programs look at every byte that arrives; or only at the number in each message, as fast programs do. */
  checksAllBytes = true;
  /** Memory of its programs: buffers that they were given, and do not give back by themselves. */
  readonly programBuffers: { readonly address: number; readonly pages: number }[] = [];

  constructor(
    readonly domain: Domain,
    readonly xenstore: XenstoreConnection,
  ) {
    this.machine = domain.machine;
    this.vcpu = domain.vcpu;
    this.memory = domain.memory;
  }

  get domid(): number {
    return this.domain.domid;
  }

  /** Opens /dev/xen/evtchn. */
  openEventDevice(): EventDevice {
    return new EventDevice(this.vcpu);
  }

  /** Whether another vCPU's event comes first: yield ORDER (or return AGAIN) before touching what others see. */
  isAhead(): boolean {
    return this.vcpu.isAhead();
  }
}
