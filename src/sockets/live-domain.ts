import type { MessagePort } from 'node:worker_threads';
import { InvariantViolation } from '../base/errors.js';
import { difference } from '../testbed/live/live-round.js';
import { SLEEPING, threadWord, WAKE } from '../testbed/live/shared-area.js';
import type { TransportDriver } from '../transport/contract.js';
import type { Vcpu } from '../xen/vcpu.js';
import type { ControlMessage, Fingerprint } from './control-protocol.js';
import { DomainServer } from './domain-server.js';
import { DomainSocket } from './domain-socket.js';
import type { Farewell } from './link.js';
import { type LinkHome, type LinkTask, LiveLink } from './live-link.js';
import { type Counts, MachineCopy, type StandingConnection } from './machine-copy.js';
import { ReadyTasks } from './ready-tasks.js';
import type { DomainSeat } from './seat.js';
import { SocketError } from './socket-errors.js';
import { TwofoldPlatform } from './two-worlds.js';

/** Of the library of ES2024, which Node 20 has in part. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(
    array: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
};

/** So often a domain looks whether the other has ended a step, which takes microseconds: naps among them, seconds. */
const MOST_TURNS = 50_000;

/** Turns of the event loop, in which its sockets are served, before a domain's thread sleeps: some microseconds each. */
const TURNS_BEFORE_SLEEP = 20;

/** As long as Linux tries to connect a TCP socket. */
const CONNECT_TIMEOUT_MS = 127_000;

/** What a domain has seen so far. */
export interface DomainStatistics {
  /** Connections that were made, that could not be made, and that stand. */
  readonly connections: number;
  readonly failures: number;
  readonly open: number;
  /** What this domain's program has made its vCPU do while it sent and received: the data path. */
  readonly dataPath: Counts;
  /** What all domains together did to make connections and to take them down. */
  readonly controlPlane: Counts;
}

interface Connection {
  readonly standing: StandingConnection;
  /** Index of the domain that listened. */
  readonly server: number;
  /** This domain's end, until it has let go. */
  link: LiveLink | undefined;
  peerHasLetGo: boolean;
}

/**
 * One domain of a live machine, with sockets: `connect` and `createServer` as Node's `net` has them, over a transport.
 *
 * It belongs to the thread in which it was made, and so do its sockets: their bytes go from a program's buffer into the
 * transport and out of it into another program's without a third thread. Both domains may also live in one thread.
 */
export class LiveDomain implements LinkHome {
  readonly staging: LinkHome['staging'];
  private readonly copy: MachineCopy;
  private readonly tasks = new ReadyTasks();
  private readonly port: MessagePort;
  private readonly index: number;
  private readonly control: Int32Array;
  private readonly word: number;
  private readonly connections = new Map<number, Connection>();
  private readonly servers = new Map<number, DomainServer>();
  /** Ports at which the other domain listens. */
  private readonly peerListens = new Set<number>();
  /** Connections that domain 1 has asked for. */
  private readonly requests = new Map<number, DomainSocket>();
  private readonly listeningWaiters: { readonly port: number; readonly resolve: () => void }[] = [];
  private lastNumber = 0;
  private made = 0;
  private failed = 0;
  private isClosed = false;
  private peerIsThere = false;
  private controlCounts: Counts = {};
  private readonly firstCounts: Counts;
  private joined: (() => void) | undefined;
  /** What has been said to this domain while it is paused. */
  private unheard: ControlMessage[] | undefined;
  private unpaused: (() => void) | undefined;

  /** So long a connection waits for an answer of the other domain, before it fails with ETIMEDOUT. */
  connectTimeoutMs = CONNECT_TIMEOUT_MS;

  /** The other domain stands, too. */
  readonly whenJoined: Promise<void>;

  /** @param nowPs a clock that never goes back, picoseconds */
  constructor(seat: DomainSeat, transports: readonly TransportDriver[], nowPs: () => number) {
    const { machine, area, port, domain } = seat;
    const driver = transports.find(({ name }) => name === machine.transport);
    if (driver === undefined) throw new Error(`there is no transport ${machine.transport}`);
    this.index = domain;
    this.port = port;
    const platform = new TwofoldPlatform(area, domain, { inject: machine.inject }, nowPs);
    this.copy = new MachineCopy(machine, driver, platform, domain);
    this.firstCounts = this.copy.counts();
    this.staging = this.copy.staging();
    this.control = platform.control;
    this.word = threadWord(domain);
    this.whenJoined = new Promise((resolve) => {
      this.joined = resolve;
    });
    port.on('message', (message: ControlMessage) => this.hear(message));
    port.on('close', () => this.peerHasGone());
    this.say({ kind: 'joined' });
    void this.lookForEvents();
  }

  get vcpu(): Vcpu {
    return this.copy.vcpu;
  }

  /** Starts a connection to a server of the other domain. The socket emits `connect`, or `error`. */
  connect(port: number, whenConnected?: () => void): DomainSocket {
    const socket = new DomainSocket(port);
    if (whenConnected !== undefined) socket.once('connect', whenConnected);
    // A program first gets its socket, and then learns what becomes of it.
    setImmediate(() => this.startConnecting(socket));
    return socket;
  }

  /** A server, which is yet to listen. `whenConnected` is called with each connection. */
  createServer(whenConnected?: (socket: DomainSocket) => void): DomainServer {
    const server = new DomainServer({
      listen: (port) => this.listen(port, server),
      unlisten: (port) => this.unlisten(port),
    });
    if (whenConnected !== undefined) server.on('connection', whenConnected);
    return server;
  }

  /** Waits until the other domain listens at a port. */
  whenListening(port: number): Promise<void> {
    if (this.peerListens.has(port)) return Promise.resolve();
    return new Promise((resolve) => {
      this.listeningWaiters.push({ port, resolve });
    });
  }

  statistics(): DomainStatistics {
    const all = difference(this.firstCounts, this.copy.counts());
    return {
      connections: this.made,
      failures: this.failed,
      open: this.connections.size,
      dataPath: difference(this.controlCounts, all),
      controlPlane: this.controlCounts,
    };
  }

  get standing(): number {
    return this.connections.size;
  }

  /** What the machine holds of the hypervisor's resources: the same as at the start when all connections are gone. */
  holdings(): Readonly<Record<string, number>> {
    return this.copy.holdings();
  }

  /** The domain goes away, with all its sockets: the other one sees them reset. */
  close(): void {
    if (this.isClosed) return;
    this.endConnections();
    this.isClosed = true;
    this.unpaused?.();
    this.port.close();
    this.lookAgain();
  }

  /** The domain gets no CPU time, as by `xl pause`: it hears nothing, and its sockets move nothing by themselves. */
  pause(): void {
    this.unheard ??= [];
  }

  unpause(): void {
    const { unheard = [] } = this;
    this.unheard = undefined;
    for (const message of unheard) this.hear(message);
    this.unpaused?.();
  }

  private lookAgain(): void {
    Atomics.add(this.control, this.word + WAKE, 1);
    Atomics.notify(this.control, this.word + WAKE);
  }

  private listen(port: number, server: DomainServer): boolean {
    if (this.servers.has(port)) return false;
    this.servers.set(port, server);
    this.say({ kind: 'listens', port, isOpen: true });
    return true;
  }

  private unlisten(port: number): void {
    this.servers.delete(port);
    this.say({ kind: 'listens', port, isOpen: false });
  }

  private startConnecting(socket: DomainSocket): void {
    const { port } = socket;
    if (socket.destroyed) return;
    if (this.isClosed || !this.peerIsThere) {
      socket.destroy(new SocketError('ENETDOWN', 'connect', 'the other domain is not there'));
    } else if (this.index === 1) {
      this.ask(socket);
    } else if (!this.peerListens.has(port)) {
      socket.destroy(refusal());
    } else {
      this.make(1, port, undefined, socket);
    }
  }

  /** Domain 1: asks domain 0 for a connection. */
  private ask(socket: DomainSocket): void {
    const request = ++this.lastNumber;
    this.requests.set(request, socket);
    this.say({ kind: 'connect', request, port: socket.port });
    const timer = setTimeout(() => {
      this.requests.delete(request);
      socket.destroy(new SocketError('ETIMEDOUT', 'connect', 'the other domain does not answer'));
    }, this.connectTimeoutMs).unref();
    const answered = (): void => clearTimeout(timer);
    socket.once('connect', answered).once('close', answered);
  }

  private say(message: ControlMessage): void {
    if (!this.isClosed) this.port.postMessage(message);
  }

  private hear(message: ControlMessage): void {
    if (this.unheard !== undefined) {
      this.unheard.push(message);
      return;
    }
    switch (message.kind) {
      case 'joined':
        this.peerIsThere = true;
        this.joined?.();
        break;
      case 'listens':
        this.peerListensAt(message.port, message.isOpen);
        break;
      case 'connect':
        this.answer(message.request, message.port);
        break;
      case 'refused':
        this.takeRequest(message.request)?.destroy(refusal());
        break;
      case 'open':
        this.carryOut(message, this.takeRequest(message.request));
        this.compare(message.after);
        break;
      case 'released':
        this.peerReleased(message.connection, message.how);
        break;
      case 'close':
        this.takeDown(message.connection);
        this.compare(message.after);
        break;
      default:
        message satisfies never;
    }
  }

  private peerListensAt(port: number, isOpen: boolean): void {
    if (isOpen) this.peerListens.add(port);
    else this.peerListens.delete(port);
    for (const waiter of this.listeningWaiters) if (waiter.port === port) waiter.resolve();
  }

  private takeRequest(request: number | undefined): DomainSocket | undefined {
    if (request === undefined) return undefined;
    const socket = this.requests.get(request);
    this.requests.delete(request);
    return socket;
  }

  /** Domain 0: domain 1 wants a connection. */
  private answer(request: number, port: number): void {
    if (this.servers.has(port)) this.make(0, port, request, undefined);
    else this.say({ kind: 'refused', request });
  }

  /** Domain 0: the next connection is made, here first. */
  private make(
    server: number,
    port: number,
    request: number | undefined,
    socket: DomainSocket | undefined,
  ): void {
    const order = { kind: 'open', connection: ++this.lastNumber, server, port, request } as const;
    this.carryOut(order, socket, () => this.say({ ...order, after: this.copy.fingerprint() }));
  }

  /** Makes a connection, as every domain does with every connection, and opens this domain's end. */
  private carryOut(
    { connection, server, port }: { connection: number; server: number; port: number },
    socket: DomainSocket | undefined,
    whenMade = () => {},
  ): void {
    const outcome = this.counted(() => this.copy.open(server));
    whenMade();
    if ('failed' in outcome) {
      this.failed++;
      const limit = outcome.limit === undefined ? '' : ` (limit: ${outcome.limit})`;
      socket?.destroy(new SocketError('ENOBUFS', 'connect', `${outcome.failed}${limit}`));
      return;
    }
    this.made++;
    const isServer = server === this.index;
    const link = new LiveLink(this, isServer ? outcome.server : outcome.client, connection);
    this.connections.set(connection, { standing: outcome, server, link, peerHasLetGo: false });
    if (isServer) {
      const accepted = new DomainSocket(port);
      accepted.open(link);
      const listening = this.servers.get(port);
      // It has stopped to listen meanwhile.
      if (listening === undefined) accepted.resetAndDestroy();
      else listening.emit('connection', accepted);
    } else if (socket === undefined) {
      link.release('reset');
    } else {
      socket.open(link);
    }
  }

  /** The other domain's end has let go: it will not touch the connection any more. */
  private peerReleased(number: number, how: Farewell): void {
    const connection = this.connections.get(number);
    if (connection === undefined) return;
    connection.peerHasLetGo = true;
    connection.link?.peerReleased(how);
    this.takeDownIfUnused(number, connection);
  }

  released(number: number, how: Farewell): void {
    const connection = this.connections.get(number);
    if (connection === undefined) return;
    connection.link = undefined;
    this.say({ kind: 'released', connection: number, how });
    this.takeDownIfUnused(number, connection);
  }

  /** Domain 0: takes a connection down when neither end uses it. Not in the middle of what the program does now. */
  private takeDownIfUnused(number: number, { link, peerHasLetGo }: Connection): void {
    if (this.index !== 0 || link !== undefined || !peerHasLetGo) return;
    setImmediate(() => {
      if (this.isClosed) return;
      this.takeDown(number);
      this.say({ kind: 'close', connection: number, after: this.copy.fingerprint() });
    });
  }

  private takeDown(number: number): void {
    const connection = this.connections.get(number);
    if (connection === undefined) return;
    this.connections.delete(number);
    this.counted(() => this.copy.close(connection.standing, connection.server));
  }

  private counted<T>(work: () => T): T {
    const before = this.copy.counts();
    const result = work();
    // An event may have come for a port that this thread did not know yet.
    this.lookAgain();
    this.controlCounts = sumOf(this.controlCounts, difference(before, this.copy.counts()));
    return result;
  }

  /** Both threads must have made the same of the same machine. */
  private compare(after: Fingerprint): void {
    const own = this.copy.fingerprint();
    const isSame =
      own.frames === after.frames && own.words === after.words && own.ports === after.ports;
    if (isSame) return;
    throw new InvariantViolation(
      'the domains have made different machines of the same connection',
      {
        own: JSON.stringify(own),
        other: JSON.stringify(after),
      },
    );
  }

  private peerHasGone(): void {
    this.peerIsThere = false;
    this.endConnections();
  }

  /** The other domain is gone, or this one goes: what has come is still read, and then each socket says so. */
  private endConnections(): void {
    for (const socket of this.requests.values()) {
      socket.destroy(new SocketError('ECONNRESET', 'connect', 'the other domain is gone'));
    }
    this.requests.clear();
    for (const connection of [...this.connections.values()]) connection.link?.peerReleased('reset');
  }

  relax(turn: number): void {
    if (turn > MOST_TURNS) throw new Error('the other domain has stopped in the middle of a step');
    this.copy.platform.relax(turn);
  }

  ready(task: LinkTask): void {
    this.tasks.add(task);
  }

  /** Takes the events of this domain as they come, as long as it stands. */
  private async lookForEvents(): Promise<void> {
    const { control, word } = this;
    for (;;) {
      while (this.unheard !== undefined && !this.isClosed) {
        await new Promise<void>((resolve) => {
          this.unpaused = resolve;
        });
      }
      const seen = Atomics.load(control, word + WAKE);
      if (this.isClosed) return;
      this.copy.upcalls.takePending();
      this.tasks.run();
      if (Atomics.load(control, word + WAKE) !== seen) {
        // The program's own sockets have a turn.
        await new Promise(setImmediate);
        continue;
      }
      this.copy.idle();
      // Woken from its sleep a thread comes late, and whoever wakes it pays for it: under load the next event is near.
      for (let turn = 0; turn < TURNS_BEFORE_SLEEP; turn++) {
        await new Promise(setImmediate);
        if (Atomics.load(control, word + WAKE) !== seen) break;
      }
      Atomics.store(control, word + SLEEPING, 1);
      const waiting = waitAsync(control, word + WAKE, seen);
      if (waiting.async) await waiting.value;
      Atomics.store(control, word + SLEEPING, 0);
    }
  }
}

function refusal(): SocketError {
  return new SocketError('ECONNREFUSED', 'connect', 'nobody listens in the other domain');
}

function sumOf(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.entries(b).map(([group, counts]) => [
      group,
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [name, count + (a[group]?.[name] ?? 0)]),
      ),
    ]),
  );
}
