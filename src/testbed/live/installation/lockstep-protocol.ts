import type { InstallationArea } from './installation-area.js';

/**
 * Threads that all carry out the same program, and at some points tell each other something (`gather`). A thread that
 * comes later, or takes the place of one that died, is told what was said so far: it goes through the program up to that
 * point without carrying out anything.
 */

/** What all said at one point: by thread, undefined where there was none. */
export interface Gathered {
  readonly values: readonly unknown[];
  /** At a point at which an installation begins: where it lies. Not for those who come later. */
  readonly area?: InstallationArea;
}

export type FromMember =
  | {
      readonly kind: 'gather';
      readonly value: unknown;
      /** An installation of so many domains begins: each needs a thread. */
      readonly domains?: number;
    }
  /** This thread, in the midst of its program, wants another ended. It waits until that is gone. */
  | { readonly kind: 'stop'; readonly thread: number }
  | { readonly kind: 'result'; readonly result: unknown };

export interface MemberData {
  readonly thread: number;
  readonly history: readonly Gathered[];
  /** A word that changes with each answer: members wait for it. */
  readonly answers: SharedArrayBuffer;
  /** What the program is told at its start. */
  readonly task: unknown;
}
