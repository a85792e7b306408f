import { invariant } from '../base/errors.js';
import { TRACE } from '../sim/trace.js';
import { AddressSpace, type GuestFault } from './address-space.js';
import { EventChannels } from './event-channels.js';
import { GrantTable } from './grant-table.js';
import type { GuestMemory } from './guest-memory.js';
import type { Machine } from './machine.js';
import { PAGE_SHIFT } from './memory.js';
import type { Pcpu } from './pcpu.js';
import { Vcpu } from './vcpu.js';

export type GuestType = 'pv' | 'pvh';

/**
 * - `dying`: destroyed, and what can be taken back has been taken back.
 * - A dying domain whose frames a peer still maps is a zombie: it stays until the peer lets go.
 */
export type DomainState = 'running' | 'shutdown' | 'crashed' | 'dying' | 'dead';

/** SHUTDOWN_* (xen/include/public/sched.h). A crash is a state of its own here. */
export type ShutdownReason = 'poweroff' | 'reboot' | 'suspend';

/** Xen's limits on one domain: its configuration in xl, or the hypervisor's command line. */
export interface DomainLimits {
  readonly eventChannels: number;
  readonly eventAbi: '2-level' | 'fifo';
  readonly grantFrames: number;
  readonly maptrackFrames: number;
}

/** xl's defaults (xl.cfg(5), xen-command-line(7)). */
export const DEFAULT_LIMITS: DomainLimits = {
  eventChannels: 1023,
  eventAbi: 'fifo',
  grantFrames: 64,
  maptrackFrames: 1024,
};

/** A guest, or dom0: its vCPUs, what it can reach, what it owns. */
export class Domain {
  readonly vcpus: Vcpu[] = [];
  readonly space: AddressSpace;
  readonly eventChannels: EventChannels;
  readonly grantTable: GrantTable;
  state: DomainState = 'running';
  crashReason = '';
  shutdownReason: ShutdownReason | undefined;
  private readonly frames = new Set<number>();
  /** References that Xen itself has to frames of this domain, by frame; and which of those the guest has given back. */
  private readonly heldByXen = new Map<number, number>();
  private readonly givenBack = new Set<number>();

  constructor(
    readonly machine: Machine,
    readonly domid: number,
    readonly name: string,
    readonly type: GuestType,
    readonly limits: DomainLimits,
    pcpus: readonly Pcpu[],
  ) {
    this.space = new AddressSpace(domid);
    this.eventChannels = new EventChannels(this);
    this.eventChannels.limit = limits.eventChannels;
    this.eventChannels.abi = limits.eventAbi;
    this.grantTable = new GrantTable(this);
    pcpus.forEach((pcpu, id) => {
      this.vcpus.push(new Vcpu(machine, this, pcpu, id, this.space));
    });
  }

  get vcpu(): Vcpu {
    return this.vcpus[0] as Vcpu;
  }

  /** The vCPU on which its code runs at this moment; vCPU 0 where none of it runs. */
  get executingVcpu(): Vcpu {
    const { executing } = this.machine;
    return executing?.domain === this ? executing : this.vcpu;
  }

  /** Memory as the code on vCPU 0 touches it. */
  get memory(): GuestMemory {
    return this.vcpu.memory;
  }

  get isAlive(): boolean {
    return this.state === 'running';
  }

  /** Frames that Xen cannot take back yet. More than none in a dying domain: a zombie. */
  get heldFrames(): number {
    return this.frames.size;
  }

  /** Allocates pages of its own, zeroed and adjacent in its address space. Returns the address of the first. */
  allocate(pages: number): number {
    const address = this.space.reserve(pages);
    for (let i = 0; i < pages; i++) {
      const mfn = this.machine.memory.allocate(this.domid);
      this.frames.add(mfn);
      this.space.map((address >> PAGE_SHIFT) + i, mfn, true);
    }
    return address;
  }

  /**
   * Gives pages back. A page to which Xen has a reference stays in being, out of the guest's reach, until Xen lets go. One
   * that is granted and mapped elsewhere must not come here (GrantTable ends access first).
   */
  free(address: number, pages: number): void {
    const first = address >> PAGE_SHIFT;
    for (let page = first; page < first + pages; page++) {
      const mfn = this.space.frameAt(page);
      this.space.unmap(page);
      for (const vcpu of this.vcpus) vcpu.pcpu.tlb.flushPage(page, vcpu.tlbTag);
      if (this.heldByXen.has(mfn)) this.givenBack.add(mfn);
      else this.takeBack(mfn);
    }
    this.space.giveBack(first, pages);
  }

  private takeBack(mfn: number): void {
    this.frames.delete(mfn);
    this.machine.memory.release(mfn);
  }

  /** get_page_and_type: Xen keeps a reference to a frame of this domain, as for a ring of Argo. */
  holdForXen(mfn: number): void {
    this.heldByXen.set(mfn, (this.heldByXen.get(mfn) ?? 0) + 1);
    this.machine.memory.hold(mfn);
  }

  /** put_page_and_type. What the guest has given back meanwhile goes with the last reference. */
  letGoForXen(mfn: number): void {
    this.machine.memory.letGo(mfn);
    const left = (this.heldByXen.get(mfn) ?? 0) - 1;
    invariant(left >= 0, 'Xen lets go of a frame that it does not hold', {
      domid: this.domid,
      mfn,
    });
    if (left > 0) this.heldByXen.set(mfn, left);
    else {
      this.heldByXen.delete(mfn);
      if (this.givenBack.delete(mfn)) this.takeBack(mfn);
    }
  }

  /**
   * The guest dies where it stands: nothing of it runs on. Xen keeps it until somebody destroys it. Where the guest's
   * own code calls this, or a hypercall of it leads here, that hypercall is ended and the code does not go on.
   */
  crash(reason: string): void {
    if (this.state !== 'running') return;
    const { domid, machine } = this;
    machine.change(
      () => {
        machine.order?.stop(domid);
        this.crashHere(reason);
      },
      () => ({ kind: 'crash', domid, reason }),
    );
    this.machine.domainStopped(this);
  }

  /** A crash as this copy of the machine sees it. */
  crashHere(reason: string): void {
    this.state = 'crashed';
    this.crashReason = reason;
    for (const vcpu of this.vcpus) vcpu.stop();
    this.machine.trace.add(TRACE.domain, this.machine.now, this.domid, 1, 0);
  }

  /** Code on one of its vCPUs has touched what it cannot reach, and has no handler for that. */
  fault(vcpu: Vcpu, fault: GuestFault): void {
    if (this.state !== 'running') return;
    this.machine.trace.add(TRACE.fault, vcpu.pcpu.clock, this.domid, fault.address, 0);
    this.crash(fault.message);
  }

  /** SCHEDOP_shutdown (schedShutdown) or xl shutdown: it runs no more. `resume` lets a suspended domain go on. */
  shutdown(reason: ShutdownReason): void {
    if (this.state !== 'running') return;
    this.state = 'shutdown';
    this.shutdownReason = reason;
    this.pause();
    this.machine.trace.add(TRACE.domain, this.machine.now, this.domid, 3, 0);
    this.machine.domainStopped(this);
  }

  /** domain_resume: a domain that suspended itself goes on as if it had not. */
  resume(): void {
    invariant(
      this.state === 'shutdown' && this.shutdownReason === 'suspend',
      'only a suspended domain can be resumed',
      { domid: this.domid, state: this.state, reason: this.shutdownReason },
    );
    this.state = 'running';
    this.shutdownReason = undefined;
    this.machine.trace.add(TRACE.domain, this.machine.now, this.domid, 4, 0);
    this.unpause();
  }

  /** domain_pause: its vCPUs stand still; events stay pending. */
  pause(): void {
    for (const vcpu of this.vcpus) vcpu.pause();
  }

  unpause(): void {
    for (const vcpu of this.vcpus) vcpu.unpause();
  }

  /**
   * domain_kill: takes back what it has. Its ports close, its rings unregister, its mappings of others' frames go,
   * its frames are freed unless a peer maps them.
   */
  destroy(): void {
    if (this.state === 'dead') return;
    const { domid, machine } = this;
    machine.change(
      () => {
        for (const mfn of machine.order?.framesOf(domid) ?? []) this.frames.add(mfn);
        this.destroyHere();
      },
      () => ({ kind: 'destroy', domid }),
    );
  }

  private destroyHere(): void {
    if (this.state !== 'dying') {
      this.stopAndClose();
      this.grantTable.releaseMappings();
    }
    this.relinquish();
  }

  private stopAndClose(): void {
    for (const vcpu of this.vcpus) vcpu.stop();
    this.state = 'dying';
    this.machine.trace.add(TRACE.domain, this.machine.now, this.domid, 2, 0);
    this.eventChannels.closeAll();
    this.machine.domainDestroyed(this);
  }

  /** Another thread has destroyed it, and takes its frames back. */
  repeatDestroy(): void {
    if (this.state === 'dying') return;
    this.stopAndClose();
    this.grantTable.repeatUnmap();
  }

  /** Frees the frames that nobody else maps; when none is left, the domain is gone. */
  private relinquish(): void {
    const { memory } = this.machine;
    for (const mfn of this.frames) {
      if (memory.foreignMappings[mfn] !== 0) continue;
      this.frames.delete(mfn);
      memory.release(mfn);
    }
    this.forgetIfEmpty();
  }

  /** A peer has let go of a frame of this dying domain. */
  relinquishFrame(mfn: number): void {
    if (this.machine.order?.isDom0 === false) return;
    if (this.machine.memory.foreignMappings[mfn] !== 0 || !this.frames.delete(mfn)) return;
    this.machine.memory.release(mfn);
    this.forgetIfEmpty();
  }

  private forgetIfEmpty(): void {
    if (this.frames.size > 0) return;
    const { domid, machine } = this;
    machine.change(
      () => this.forgetHere(),
      () => ({ kind: 'forget', domid }),
    );
  }

  /** It is gone, as this copy of the machine sees it. */
  forgetHere(): void {
    this.state = 'dead';
    this.machine.forget(this);
  }
}
