import { RunningHash } from '../base/running-hash.js';

/** What a traced step is. The numbers enter the trace hash: append only. */
export const TRACE_KINDS = [
  'hypercall',
  'entry',
  'event-send',
  'upcall',
  'publish',
  'consume',
  'tlb-flush',
  'context-switch',
  'block',
  'wake',
  'grant-map',
  'grant-unmap',
  'xenstore',
  'fault',
  'domain',
  'tick',
  'virq',
] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];

/** Index of each kind, for the hot path. */
export const TRACE: Readonly<Record<TraceKind, number>> = Object.fromEntries(
  TRACE_KINDS.map((kind, index) => [kind, index]),
) as Record<TraceKind, number>;

/** Somebody who wants to see each step, for instance to draw it. Never needed for a measurement. */
export interface TraceObserver {
  step(kind: TraceKind, timePs: number, domid: number, a: number, b: number, says: string): void;
  /**
   * A guest has written a word that its peer reads. Not a step of the trace, for what follows from it is: but somebody
   * who lets guests die wants every moment at which others could tell the difference.
   */
  sharedWrite?(timePs: number, domid: number): void;
}

/**
 * Fingerprint of everything that happened: equal hashes mean equal runs, on every machine.
 * Steps are hashed in the order in which they take effect.
 */
export class Trace {
  private readonly hash = new RunningHash();
  events = 0;
  observer: TraceObserver | undefined;

  /**
   * @param a, b integers whose meaning belongs to the kind: an operation, a port, an index
   * @param says what they are not enough for, for the observer alone: no part of the fingerprint
   */
  add(kind: number, timePs: number, domid: number, a: number, b: number, says = ''): void {
    this.events++;
    this.hash.add(kind ^ (domid << 5) ^ Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77));
    this.hash.addLong(timePs);
    this.observer?.step(TRACE_KINDS[kind] as TraceKind, timePs, domid, a, b, says);
  }

  digest(): string {
    return this.hash.digest();
  }
}
