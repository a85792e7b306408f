import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DomainSocket } from './domain-socket.js';

const NO_BYTES = Buffer.alloc(0);
/** As much as a domain's socket gives at once, and how many such buffers are kept for the next bytes. */
const BUFFER_BYTES = 65_536;
const MOST_BUFFERS = 64;
/** Allocating and collecting buffers would cost more than copying into them. */
const buffers: Buffer[] = [];

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
  else if (isUnix(stream)) stream.destroy();
  else stream.resetAndDestroy();
}

/** Of a socket that is not destroyed. Its own name it still knows after a reset, that of its peer it does not. */
function isUnix(socket: Socket): boolean {
  return socket.localFamily === undefined;
}

/**
 * Carries bytes between a socket of the host and one of a domain, in both directions: the end of one direction ends that
 * direction of the other (half-close), a reset resets the other, and a reader that is slow slows the writer.
 *
 * @param whenDone is called once when both are gone, with whether it was by a reset
 */
export function join(
  host: Socket,
  domain: DomainSocket,
  whenDone: (byReset: boolean) => void = () => {},
): void {
  // It may have been reset behind its first words.
  let byReset = domain.destroyed;
  let left = byReset ? 1 : 2;
  const watch = (from: Duplex, to: Duplex): void => {
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
  watch(host, domain);
  watch(domain, host);
  if (byReset) {
    reset(host);
    return;
  }
  carryFromHost(host, domain);
  carryToHost(domain, host);
}

function carryFromHost(host: Socket, domain: DomainSocket): void {
  host.on('data', (bytes: Buffer) => {
    if (!domain.write(bytes)) host.pause();
  });
  domain.on('drain', () => host.resume());
  const end = (): void => afterEnd(host, () => domain.end());
  // A program that has said nothing but its end may have done so while its connection was still being made.
  if (host.readableEnded) end();
  else host.on('end', end);
}

/**
 * Node tells of a reset that comes close behind bytes as of an end (libuv asks nothing more of a socket that hangs up): the
 * system is asked by a write of no bytes, which fails where there was a reset. What already waits to be written fails by itself.
 * A UNIX socket is not asked: there the write fails as well where the peer has closed in order.
 */
function afterEnd(host: Socket, then: () => void): void {
  if (isUnix(host)) {
    then();
  } else if (host.writable && host.writableLength === 0) {
    host.write(NO_BYTES, (error) => {
      if (error === null || error === undefined) then();
    });
  } else {
    setImmediate(() => {
      if (host.errored === null) then();
    });
  }
}

function carryToHost(domain: DomainSocket, host: Socket): void {
  domain.on('end', () => host.end());
  domain.readPast((view) => {
    const bytes = buffers.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    view.copy(bytes);
    host.write(bytes.subarray(0, view.length), () => {
      if (buffers.length < MOST_BUFFERS) buffers.push(bytes);
    });
    // What the system has taken at once does not count.
    return host.writableLength === 0;
  });
  host.on('drain', () => domain.readOn());
}
