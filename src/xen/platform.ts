import type { Trace } from '../sim/trace.js';
import type { AddressSpace } from './address-space.js';
import type { CacheHierarchy } from './cache.js';
import type { ControlOrder } from './control-order.js';
import type { GuestMemory } from './guest-memory.js';
import type { HypervisorWords } from './hypervisor-words.js';
import type { Machine } from './machine.js';
import type { MachineMemory } from './memory.js';
import type { Pcpu } from './pcpu.js';
import type { Tlb } from './tlb.js';
import type { Upcalls } from './upcalls.js';
import type { Vcpu } from './vcpu.js';

/**
 * The parts of a machine that differ where its domains run at the same time, each on a thread of its own over shared
 * memory (testbed live): what touches memory, what takes time, what wakes a vCPU. Everything else is the same code.
 */
export interface Platform {
  readonly memory: MachineMemory;
  readonly words: HypervisorWords;
  readonly trace: Trace;
  /** Who orders hypercalls; undefined while one thread alone carries out the machine, or nothing but the data path runs. */
  readonly order?: ControlOrder | undefined;
  createPcpu(machine: Machine, id: number, tlb: Tlb, cache: CacheHierarchy): Pcpu;
  createGuestMemory(vcpu: Vcpu, space: AddressSpace): GuestMemory;
  createUpcalls(vcpu: Vcpu): Upcalls;
  /**
   * One turn of a loop that spins for a lock: gives the other thread a chance, and ends the loop (by an exception) where
   * this domain is to stop.
   *
   * @param turn number of the turn, from 0
   */
  relax(turn: number): void;
}
