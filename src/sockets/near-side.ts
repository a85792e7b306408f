import type { Socket } from 'node:net';
import { firstLine } from './answer-line.js';
import type { DomainSocket } from './domain-socket.js';
import { join, reset, Tally } from './relay.js';
import { errorCode, errorNumber, SocketError } from './socket-errors.js';

/** What the near side needs of a domain. */
export interface ConnectingDomain {
  connect(port: number): DomainSocket;
  /** Connections that hold something of the transport's, as long as either end does. */
  readonly standing: number;
}

/** A connection that finds no resource waits for one so long before it is refused. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 5;

interface Waiting {
  readonly port: number;
  readonly until: number;
  readonly settle: (result: DomainSocket | Error) => void;
  /** Is called once, when it finds no resource. */
  readonly whenWaiting: () => void;
  hasWaited: boolean;
}

/**
 * The domain that accepts: each connection is carried to a port of the other domain.
 *
 * Where Xen or the transport has no resource left for one more connection - an event channel, a ring - it waits, as
 * connections wait in the backlog of a server, until another one is closed. As there, the program counts as connected
 * meanwhile: it may be one that opens many connections before it uses and closes any.
 */
export class NearSide {
  readonly tally = new Tally();
  private readonly waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Connections that stood when one last found no resource. */
  private standingAtFailure = 0;

  /** @param nowMs a clock that never goes back */
  constructor(
    private readonly domain: ConnectingDomain,
    private readonly nowMs: () => number,
  ) {}

  /**
   * Carries a connection to a port of the other domain. Where the target is not there a program that knows nothing of this is
   * reset.
   *
   * @param answers it is the preload library, which wants to be told by a line what became of the connection
   */
  async carry(from: Socket, port: number, answers: boolean): Promise<void> {
    from.on('error', () => {});
    let to: DomainSocket | undefined;
    let isToBeTold = answers;
    const tell = (): void => {
      if (isToBeTold) from.write('0\n');
      isToBeTold = false;
    };
    // The program has gone before the target answered.
    const goneEarly = (): void => {
      to?.resetAndDestroy();
    };
    from.once('close', goneEarly);
    try {
      to = await this.connect(port, tell);
      to.on('error', () => {});
      if (from.destroyed) goneEarly();
      const answer = await firstLine(to);
      if (answer !== '0') throw new TargetRefused(Number(answer));
      from.off('close', goneEarly);
      if (from.destroyed) throw new SocketError('ECONNRESET', 'read', 'the program has gone');
      tell();
      this.join(from, to);
    } catch (error) {
      this.tally.failed(error);
      to?.destroy();
      if (isToBeTold) from.end(`${errorNumber(error)}\n`);
      else reset(from);
    }
  }

  private join(from: Socket, to: DomainSocket): void {
    const { tally } = this;
    // The answer was none of the target's bytes.
    const answered = to.bytesRead;
    tally.opened();
    join(from, to, (byReset) => {
      tally.open--;
      if (byReset) tally.resets++;
      tally.bytesToTarget += to.bytesWritten;
      tally.bytesFromTarget += to.bytesRead - answered;
    });
  }

  private connect(port: number, whenWaiting: () => void): Promise<DomainSocket> {
    return new Promise((resolve, reject) => {
      const settle = (result: DomainSocket | Error): void => {
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const until = this.nowMs() + PATIENCE_MS;
      const waiting = { port, until, settle, whenWaiting, hasWaited: false };
      if (this.waiting.length === 0) this.try(waiting);
      else this.wait(waiting);
    });
  }

  private try(one: Waiting): void {
    const socket = this.domain.connect(one.port);
    const failed = (error: Error): void => {
      const isFull = 'code' in error && error.code === 'ENOBUFS';
      if (isFull) this.standingAtFailure = this.domain.standing;
      if (isFull && this.nowMs() < one.until) this.wait(one);
      else one.settle(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      one.settle(socket);
      this.tryNext();
    });
  }

  private wait(one: Waiting): void {
    if (one.hasWaited) {
      this.waiting.unshift(one);
    } else {
      one.hasWaited = true;
      this.waiting.push(one);
      this.tally.waited++;
      one.whenWaiting();
    }
    this.timer ??= setInterval(() => this.tryNext(), PAUSE_MS);
  }

  private tryNext(): void {
    const [next] = this.waiting;
    if (next === undefined) return;
    // As long as none is taken down, nothing is free: trying would only cost.
    const { standing } = this.domain;
    const isFull = standing > 0 && standing >= this.standingAtFailure;
    if (isFull && this.nowMs() < next.until) return;
    this.waiting.shift();
    if (this.waiting.length === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.try(next);
  }
}

/** The target answered with an error. */
class TargetRefused extends Error {
  readonly code: string;

  constructor(number: number) {
    super(`the target refused (errno ${number})`);
    this.code = errorCode(number);
  }
}
