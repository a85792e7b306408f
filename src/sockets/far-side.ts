import type { DomainServer } from './domain-server.js';
import type { DomainSocket } from './domain-socket.js';
import { join, Tally } from './relay.js';
import { dial, type SocketAddress } from './socket-address.js';
import { errorNumber } from './socket-errors.js';

/** What the far side needs of a domain. */
export interface ServingDomain {
  createServer(whenConnected: (socket: DomainSocket) => void): DomainServer;
}

/**
 * The domain that dials: a connection to its port n is carried to target n. It first answers with a line: 0 when the target
 * has accepted, or the number of the error that it had.
 */
export class FarSide {
  readonly tally = new Tally();

  constructor(domain: ServingDomain, targets: readonly SocketAddress[]) {
    targets.forEach((target, port) => {
      domain.createServer((socket) => this.carry(socket, target)).listen(port);
    });
  }

  private carry(from: DomainSocket, target: SocketAddress): void {
    const { tally } = this;
    const to = dial(target);
    const beforeConnect = (error: NodeJS.ErrnoException): void => {
      // Who does not listen refuses: this one has accepted, and reset before that was noticed here.
      if (error.code === 'ECONNRESET') {
        tally.connections++;
        tally.resets++;
        from.write('0\n', () => from.resetAndDestroy());
        return;
      }
      tally.failed(error);
      from.end(`${errorNumber(error)}\n`);
      from.resume();
    };
    // Whoever asked has gone before the target answered.
    const goneEarly = (): void => {
      to.destroy();
    };
    from.on('error', () => {});
    from.once('close', goneEarly);
    to.once('error', beforeConnect);
    to.once('connect', () => {
      from.off('close', goneEarly);
      to.off('error', beforeConnect);
      tally.opened();
      from.write('0\n');
      join(to, from, (byReset) => {
        tally.open--;
        if (byReset) tally.resets++;
        tally.bytesToTarget += to.bytesWritten;
        tally.bytesFromTarget += to.bytesRead;
      });
    });
  }
}
