import type { MessagePort } from 'node:worker_threads';
import type { Profile } from '../../profiles/profile.js';
import type { CellParameters } from '../../scenario/contract.js';
import type { Endpoint } from '../../transport/contract.js';
import type { LiveManner } from './live-platform.js';
import type { RoundReport } from './live-round.js';
import type { ControlArea } from './shared-area.js';

/** What a live thread is given: the transports and scenarios it knows by name. */
export interface LiveThreadData {
  readonly control: ControlArea;
  /** Shared memory for the frames, bytes. */
  readonly frameBytes: number;
  /** To the other thread: the first makes the memory, and nobody but the two has it, so that it goes with them. */
  readonly partner: MessagePort;
  /** Its guest: 0 serves, 1 connects. */
  readonly thread: number;
  /** Nanoseconds of the process's monotonic clock from which all count, as text: it does not fit a number. */
  readonly clockBaseNs: string;
  readonly manner: LiveManner;
  /** The CPU of each thread; undefined: wherever the system puts them. */
  readonly cpus?: readonly number[] | undefined;
  readonly profile: Profile;
  readonly transport: string;
  readonly scenario: string;
  readonly parameters: CellParameters;
  readonly transportOptions: Endpoint['options'];
}

/** What a thread is told to do. */
export type ToThread = RoundOrder | typeof MEASURE_SOFTWARE;

/** To a thread that is alone in its machine, and so carries out both ends: what does the software of a message take? */
export const MEASURE_SOFTWARE = 'measure-software';

/** One round to carry out. */
export interface RoundOrder {
  readonly messages: number;
  readonly spinTurns: number;
  /** Every byte is checked, and not only the number of each message. */
  readonly isThorough: boolean;
}

/** What the software of one short message takes on this machine, without a peer that takes cache lines away. */
export interface SoftwarePath {
  readonly sendNs: number;
  readonly receiveNs: number;
}

/** A thread first says that it stands ready, then answers round by round; or says why it cannot go on, once. */
export type FromThread =
  | { readonly ready: true; readonly isPinned: boolean }
  | { readonly report: RoundReport }
  | { readonly software: SoftwarePath }
  | { readonly failed: string };
