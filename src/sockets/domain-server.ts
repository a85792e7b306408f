import { EventEmitter } from 'node:events';
import type { DomainSocket } from './domain-socket.js';
import { SocketError } from './socket-errors.js';

/** What a server asks of its domain. */
export interface ServerHome {
  /** Returns false where somebody listens there already. */
  listen(port: number): boolean;
  unlisten(port: number): void;
}

/**
 * Takes connections of the other domain, as a server of Node's `net`.
 *
 * Events: `listening`; `connection` with each DomainSocket; `close`; `error` where the port is taken (EADDRINUSE).
 */
export class DomainServer extends EventEmitter<{
  listening: [];
  connection: [DomainSocket];
  close: [];
  error: [Error];
}> {
  private port: number | undefined;

  constructor(private readonly home: ServerHome) {
    super();
  }

  get listening(): boolean {
    return this.port !== undefined;
  }

  /** @param port any whole number: ports of domains have nothing to do with those of the host */
  listen(port: number, whenListening?: () => void): this {
    if (whenListening !== undefined) this.once('listening', whenListening);
    const isFree = this.port === undefined && this.home.listen(port);
    if (isFree) this.port = port;
    setImmediate(() => {
      if (isFree) this.emit('listening');
      else this.emit('error', new SocketError('EADDRINUSE', 'listen', `port ${port} is taken`));
    });
    return this;
  }

  /** Takes no further connections. Those that stand are left alone. */
  close(whenClosed?: () => void): this {
    if (whenClosed !== undefined) this.once('close', whenClosed);
    if (this.port !== undefined) this.home.unlisten(this.port);
    this.port = undefined;
    setImmediate(() => this.emit('close'));
    return this;
  }
}
