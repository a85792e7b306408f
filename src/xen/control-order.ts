import type { XenstoreResult } from './xenstore/protocol.js';
import type { XenstoreStore } from './xenstore/store.js';

/** A call that changes which ports a domain has, or what they are bound to. Vcpu: who asks. */
export type PortCall =
  | { readonly call: 'alloc-unbound'; readonly vcpu: number; readonly remoteDomid: number }
  | {
      readonly call: 'bind-interdomain';
      readonly vcpu: number;
      readonly remoteDomid: number;
      readonly remotePort: number;
    }
  | { readonly call: 'bind-virq'; readonly vcpu: number; readonly virq: number }
  | { readonly call: 'close'; readonly vcpu: number; readonly port: number };

/** A mapping of a granted frame, as Xen's maptrack has it. */
export interface MaptrackEntry {
  readonly handle: number;
  readonly grantor: number;
  readonly reference: number;
  readonly mfn: number;
}

/** One call of a method of xenstored's store, with its arguments. */
export type StoreCall = readonly [method: string, parameters: readonly unknown[]];

/**
 * A change of what Xen and dom0 know of domains and their connections - not of what lies in frames and in Xen's table of
 * words - as plain data: another copy of the machine can carry it out again.
 */
export type ControlChange =
  | { readonly kind: 'port'; readonly domid: number; readonly call: PortCall }
  | { readonly kind: 'map'; readonly domid: number; readonly entries: readonly MaptrackEntry[] }
  | { readonly kind: 'unmap'; readonly domid: number; readonly handles: readonly number[] }
  | { readonly kind: 'extension'; readonly name: string; readonly data: unknown }
  | { readonly kind: 'crash'; readonly domid: number; readonly reason: string }
  | { readonly kind: 'destroy'; readonly domid: number }
  | { readonly kind: 'forget'; readonly domid: number }
  | { readonly kind: 'xenstore'; readonly calls: readonly StoreCall[] };

/**
 * The order of hypercalls where domains run at the same time, each thread with a copy of the machine's objects. What
 * changes those objects is carried out by one thread at a time, and then again by all others before their next hypercall.
 */
export interface ControlOrder {
  /** A hypercall of the data path begins: all changes so far are known, and none comes before it ends. */
  enter(): void;
  leave(): void;
  /** Carries out a change, alone. @param record what the others are to carry out again; undefined: nothing */
  change<T>(work: () => T, record: (result: T) => ControlChange | undefined): T;
  /** The same for requests to xenstored. */
  ask<T>(
    store: XenstoreStore,
    request: (store: XenstoreStore) => XenstoreResult<T>,
  ): XenstoreResult<T>;
  /** Does something when no hypercall is under way: another thread's change has made it possible. */
  later(work: () => void): void;
  /** Whether this thread carries out dom0, which takes destroyed domains apart. */
  readonly isDom0: boolean;
  /** Ends a domain's thread where it stands. Within `change`: so it is in no hypercall. */
  stop(domid: number): void;
  /** Frames that a domain owns now, whichever thread has given them out. */
  framesOf(domid: number): Iterable<number>;
}
