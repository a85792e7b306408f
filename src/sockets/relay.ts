import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DomainSocket } from './domain-socket.js';

/** What a relay has carried. */
export class Tally {
  connections = 0;
  open = 0;
  mostOpen = 0;
  /** Connections that could not be made, by code. */
  readonly refused = new Map<string, number>();
  /** Connections that ended with a reset of either end. */
  resets = 0;
  /** Connections that had to wait for one of the transport's resources. */
  waited = 0;
  bytesToTarget = 0;
  bytesFromTarget = 0;

  opened(): void {
    this.connections++;
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
  }

  failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}

/** Ends a stream so that whoever is at its other end sees a reset, as far as its kind can say so. */
export function reset(stream: Duplex): void {
  if (stream.destroyed) return;
  if (!(stream instanceof Socket)) (stream as DomainSocket).resetAndDestroy();
  // A UNIX socket knows no reset: its peer sees the end.
  else if (stream.remoteFamily === undefined) stream.destroy();
  else stream.resetAndDestroy();
}

/**
 * Carries bytes between two streams, in both directions: the end of one direction ends that direction of the other (half-close), a
 * reset resets the other, and a reader that is slow slows the writer.
 *
 * @param whenDone is called once when both are gone, with whether it was by a reset
 */
export function join(a: Duplex, b: Duplex, whenDone: (byReset: boolean) => void = () => {}): void {
  let left = 2;
  let byReset = false;
  const watch = (from: Duplex, to: Duplex): void => {
    from.pipe(to);
    from.on('error', () => {
      byReset = true;
      reset(to);
    });
    from.on('close', () => {
      // Gone without having said the end: a reset that reached no reader.
      if (!from.readableEnded || !from.writableFinished) {
        byReset = true;
        reset(to);
      }
      if (--left === 0) whenDone(byReset);
    });
  };
  watch(a, b);
  watch(b, a);
}
