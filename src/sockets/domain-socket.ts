import { Duplex } from 'node:stream';
import {
  dataHeader,
  endHeader,
  FrameReader,
  type FrameSink,
  HEADER_BYTES,
  LARGEST_FRAME,
} from './frames.js';
import { GONE, type Link, NOT_NOW } from './link.js';
import { SocketError } from './socket-errors.js';

/** Most bytes that are handed over at once: as many as a link reads at once. */
const MOST_VIEW_BYTES = 65_536;
/** Parts that are offered to the transport at once. */
const MOST_QUEUED_PARTS = 64;

/**
 * One end of a connection between two domains, as a stream of Node: backpressure, half-close, and the errors that TCP has.
 *
 * Events beside those of Duplex: `connect` when the connection stands; `timeout` after `setTimeout`.
 */
export class DomainSocket extends Duplex {
  /** Bytes of payload. */
  bytesRead = 0;
  bytesWritten = 0;
  private link: Link | undefined;
  private readonly frames = new FrameReader();
  /** What has been framed and not yet taken by the transport. */
  private readonly queue: Uint8Array[] = [];
  private written: ((error?: Error | null) => void) | undefined;
  private wantsData = false;
  private hasEnded = false;
  /** All that was written is gone, and only the end is left to be said. */
  private saysLast = false;
  private wasReset = false;
  private idleTimer: NodeJS.Timeout | undefined;
  private takePast: ((view: Buffer) => boolean) | undefined;
  private readonly sink: FrameSink = {
    data: (bytes) => {
      this.bytesRead += bytes.length;
      const goesOn = this.takePast === undefined ? this.push(bytes) : this.takePast(bytes);
      if (!goesOn) this.wantsData = false;
    },
    end: () => {
      this.hasEnded = true;
      this.push(null);
    },
  };

  /** @param port number by which the server is found */
  constructor(readonly port: number) {
    super({ allowHalfOpen: true, emitClose: true });
  }

  /** Whether the connection does not stand yet. */
  get connecting(): boolean {
    return this.link === undefined && !this.destroyed;
  }

  /** The connection stands. */
  open(link: Link): void {
    if (this.destroyed) {
      link.release('reset');
      return;
    }
    this.link = link;
    link.whenReady = this.pump;
    this.emit('connect');
    this.pump();
  }

  /** Emits `timeout` when nothing has moved in either direction for so long; 0 ends that. As a socket of `net`, it goes on. */
  setTimeout(ms: number, whenIdle?: () => void): this {
    clearTimeout(this.idleTimer);
    if (whenIdle !== undefined) this.once('timeout', whenIdle);
    if (ms === 0) {
      this.idleTimer = undefined;
    } else {
      this.idleTimer = setTimeout(() => this.emit('timeout'), ms).unref();
      this.once('close', () => clearTimeout(this.idleTimer));
    }
    return this;
  }

  /** Nothing is delayed here, kept alive by probes, or kept from ending its program: for callers that know sockets of `net`. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Goes away at once; the other end sees a reset. */
  resetAndDestroy(): this {
    return this.destroy(new SocketError('ECONNRESET', 'write', 'reset by this end'));
  }

  /**
   * Hands over data as it comes, without the buffer of the stream: for whoever moves it on at once. What has been buffered comes
   * first. The events `end`, `error` and `close` come as ever.
   *
   * @param take is given a view of memory that is used again, and must not use any socket of a domain; returns whether it
   * can take more
   */
  readPast(take: (view: Buffer) => boolean): void {
    this.takePast = take;
    this.wantsData = false;
    const buffered = this.read(this.readableLength) as Buffer | null;
    let goesOn = true;
    for (let at = 0; at < (buffered?.length ?? 0); at += MOST_VIEW_BYTES) {
      goesOn = take((buffered as Buffer).subarray(at, at + MOST_VIEW_BYTES));
    }
    // Nothing is left in the stream but its end.
    this.resume();
    if (goesOn) this.readOn();
  }

  /** After `take` has returned false: it can take more. */
  readOn(): void {
    this.wantsData = true;
    this.pump();
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void) {
    this.written = callback;
    this.bytesWritten += chunk.length;
    this.enqueue(chunk);
    this.pump();
  }

  override _writev(
    chunks: readonly { chunk: Buffer }[],
    callback: (error?: Error | null) => void,
  ): void {
    this.written = callback;
    for (const { chunk } of chunks) {
      this.bytesWritten += chunk.length;
      this.enqueue(chunk);
    }
    this.pump();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.saysLast = true;
    this.written = callback;
    this.queue.push(endHeader());
    this.pump();
  }

  /** What came before a reset is read first. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    if (this.wasReset) setImmediate(() => this.tellReset());
    return chunk;
  }

  private tellReset(): void {
    if (this.readableLength > 0) return;
    this.destroy(new SocketError('ECONNRESET', 'read', 'the other domain has let go'));
  }

  override _read(): void {
    if (this.takePast !== undefined) return;
    this.wantsData = true;
    this.pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { link } = this;
    this.link = undefined;
    link?.release(error === null && this.saysEnd(link) ? 'done' : 'reset');
    const { written } = this;
    this.written = undefined;
    this.queue.length = 0;
    written?.(error);
    callback(error);
  }

  /** A program that lets go without an error says the end, unless there is something in front of it, or no room. */
  private saysEnd(link: Link): boolean {
    if (this.writableFinished) return true;
    return this.queue.length === 0 && link.write([endHeader()]) === HEADER_BYTES;
  }

  private enqueue(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += LARGEST_FRAME) {
      const part = chunk.subarray(at, at + LARGEST_FRAME);
      this.queue.push(dataHeader(part.length), part);
    }
  }

  /** Moves what can be moved in both directions, and asks to be told where it stopped. */
  private readonly pump = (): void => {
    const { link } = this;
    if (link === undefined) return;
    this.idleTimer?.refresh();
    try {
      const write = this.pumpOut(link);
      const read = this.link !== undefined && this.pumpIn(link);
      if (this.link !== undefined && (read || write)) link.arm({ read, write });
    } catch (error) {
      this.destroy(error as Error);
    }
  };

  /** Returns whether something is left. */
  private pumpOut(link: Link): boolean {
    const { queue } = this;
    while (queue.length > 0) {
      const taken = link.write(queue.slice(0, MOST_QUEUED_PARTS));
      if (taken === NOT_NOW) return true;
      if (taken === GONE) {
        this.writeFailed(link);
        return false;
      }
      dropFront(queue, taken);
    }
    const { written } = this;
    this.written = undefined;
    written?.();
    return queue.length > 0;
  }

  /** Nobody reads any more: what TCP says then depends on how the other end went. */
  private writeFailed(link: Link): void {
    const isDone = link.peerFarewell === 'done';
    const code = isDone ? 'EPIPE' : 'ECONNRESET';
    const error = new SocketError(code, 'write', 'the other domain has let go');
    // What it has sent before is still to be read: a reader learns of the rest there.
    this.queue.length = 0;
    const { written } = this;
    this.written = undefined;
    // To say the end to somebody who has closed in order is no error.
    if (isDone && this.saysLast) written?.();
    else if (written === undefined) this.destroy(error);
    else written(error);
  }

  /** Returns whether more is wanted and nothing is there. */
  private pumpIn(link: Link): boolean {
    while (this.wantsData && !this.hasEnded) {
      const bytes = link.read();
      if (bytes === NOT_NOW) return true;
      if (bytes === GONE) {
        this.wasReset = true;
        this.tellReset();
        return false;
      }
      // What is pushed is kept, and who hears of it may read and write meanwhile.
      this.frames.take(this.takePast === undefined ? Buffer.from(bytes) : bytes, this.sink);
      if (this.link === undefined) return false;
    }
    return false;
  }
}

function dropFront(queue: Uint8Array[], bytes: number): void {
  let left = bytes;
  while (left > 0) {
    const first = queue[0] as Uint8Array;
    if (first.length > left) {
      queue[0] = first.subarray(left);
      return;
    }
    left -= first.length;
    queue.shift();
  }
}
