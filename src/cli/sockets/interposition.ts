import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { firstLine } from '../../sockets/answer-line.js';
import type { NearSide } from '../../sockets/near-side.js';
import { type SocketAddress, socketAddressText } from '../../sockets/socket-address.js';
import type { Environment } from '../terminal.js';
import type { Mapping } from './address-map.js';
import { preloadLibrary } from './preload-library.js';

const BACKLOG = 4096;
const TOKEN_BYTES = 24;

/** A server of the program: where it believes to listen, and where it does. */
export interface Served {
  readonly chosen: readonly string[];
  readonly port: number;
}

/**
 * Where programs with the preload library meet the relay: a port of the loopback device for each address that they may
 * connect to. A port, not a UNIX socket, so that a program keeps its own TCP socket with all that the kernel makes of one.
 */
export class Interposition {
  /** What the library says first: everybody of this host could connect to these ports. */
  private readonly token = randomBytes(TOKEN_BYTES).toString('hex');
  private readonly servers: Server[] = [];
  private readonly connects: string[] = [];
  readonly library: string;

  private constructor(
    private readonly near: NearSide,
    private readonly served: readonly Served[],
    private readonly outer: Environment,
  ) {
    this.library = preloadLibrary(outer);
  }

  /** @param mappings the first is carried to port 0 of the other domain, and so on */
  static async start(
    near: NearSide,
    mappings: readonly Mapping[],
    served: readonly Served[],
    outer: Environment,
  ): Promise<Interposition> {
    const made = new Interposition(near, served, outer);
    for (const [port, { chosen }] of mappings.entries()) {
      for (const address of chosen) await made.open(address, port);
    }
    return made;
  }

  /** What a program runs in, so that its connections are interposed. */
  get environment(): NodeJS.ProcessEnv {
    const before = this.outer['LD_PRELOAD'];
    return {
      ...this.outer,
      LD_PRELOAD:
        before === undefined || before === '' ? this.library : `${this.library} ${before}`,
      INTERDOM_PRELOAD_CONNECT: this.connects.join(','),
      INTERDOM_PRELOAD_LISTEN: this.served
        .flatMap(({ chosen, port }) => chosen.map((address) => `${address}=${port}`))
        .join(','),
      INTERDOM_PRELOAD_TOKEN: this.token,
    };
  }

  close(): void {
    for (const server of this.servers) server.close();
  }

  private async open(address: string, port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void this.meet(socket, port);
    });
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG });
    this.servers.push(server);
    await once(server, 'listening');
    this.connects.push(`${address}=${(server.address() as AddressInfo).port}`);
  }

  private async meet(socket: Socket, port: number): Promise<void> {
    socket.on('error', () => {});
    const said = await firstLine(socket).catch(() => '');
    if (said === this.token) await this.near.carry(socket, port, true);
    else socket.destroy();
  }
}

/** A port of the loopback device that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Where servers at these addresses are put, and how they are reached: over the transport only. */
export async function serve(
  addresses: readonly { readonly chosen: readonly string[] }[],
): Promise<{ readonly served: readonly Served[]; readonly mappings: readonly Mapping[] }> {
  const served: Served[] = [];
  for (const { chosen } of addresses) served.push({ chosen, port: await freePort() });
  const mappings = served.map(({ chosen, port }) => ({
    chosen,
    target: { kind: 'tcp', host: '127.0.0.1', port } as const,
  }));
  return { served, mappings };
}

/** A target that one of the program's servers believes to listen at is where it does. */
export function whereServed(target: SocketAddress, served: readonly Served[]): SocketAddress {
  const text = socketAddressText(target);
  const found = served.find(({ chosen }) => chosen.includes(text));
  return found === undefined ? target : { kind: 'tcp', host: '127.0.0.1', port: found.port };
}
