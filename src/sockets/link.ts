/** Nothing can be moved now: `arm` says when to look again. */
export const NOT_NOW = -1;
/** Nothing can be moved any more: the other end has let go, and what it sent before has been read. */
export const GONE = -2;

/** What a link is to tell of. */
export interface Wanted {
  /** Something to read. */
  readonly read: boolean;
  /** Room to write. */
  readonly write: boolean;
}

/** How an end goes away: with everything said, or so that the other end sees a reset. */
export type Farewell = 'done' | 'reset';

/** One end of a connection that stands, as bytes. */
export interface Link {
  /** Largest write that is taken at once. */
  readonly mostBytes: number;
  /** Takes as many of these bytes as there is room for, in one step. Returns how many, NOT_NOW or GONE. */
  write(parts: readonly Uint8Array[]): number;
  /** What is there, in memory that the next read or write uses again; or NOT_NOW, or GONE. */
  read(): Buffer | typeof NOT_NOW | typeof GONE;
  /** Calls `whenReady` once when what is wanted may have become possible: both have said NOT_NOW that are wanted. */
  arm(wanted: Wanted): void;
  /** Is called when something may have changed. */
  whenReady: () => void;
  /** How the other end has gone; undefined while it is there. */
  readonly peerFarewell: Farewell | undefined;
  /** Lets go. Nothing of the link may be used after it. */
  release(how: Farewell): void;
}
