import type { Farewell } from './link.js';

/** The state of the machine after a step of the control plane: equal in both threads, or something is wrong. */
export interface Fingerprint {
  readonly frames: number;
  readonly words: number;
  readonly ports: number;
}

/** What the domains tell each other. Domain 0 decides the order in which connections are made and taken down. */
export type ControlMessage =
  /** This domain stands. */
  | { readonly kind: 'joined' }
  | { readonly kind: 'listens'; readonly port: number; readonly isOpen: boolean }
  /** Domain 1 asks for a connection; `request` is its own number for it. */
  | { readonly kind: 'connect'; readonly request: number; readonly port: number }
  /** ... and is told that nobody listens. */
  | { readonly kind: 'refused'; readonly request: number }
  /** Domain 0 has carried out the making of a connection: domain 1 does the same. */
  | {
      readonly kind: 'open';
      readonly connection: number;
      readonly server: number;
      readonly port: number;
      /** Domain 1's number, where it asked. */
      readonly request: number | undefined;
      readonly after: Fingerprint;
    }
  /** The sender's end of a connection has let go. */
  | { readonly kind: 'released'; readonly connection: number; readonly how: Farewell }
  /** Domain 0 has taken a connection down: domain 1 does the same. */
  | { readonly kind: 'close'; readonly connection: number; readonly after: Fingerprint };
