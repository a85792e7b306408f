import { footprint } from '../../src/ring/wrapped-offset-ring.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type ConnectFailure,
  type ConnectOutcome,
  type Endpoint,
  type Listener,
  type ListenOutcome,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { PAGE_SIZE } from '../../src/xen/memory.js';
import { DOMID_ANY, RING_START } from './argo-abi.js';
import { BlockingCall } from './blocking-call.js';
import { DatagramSender } from './datagram.js';
import { type Connection, Inbox, type Reader } from './inbox.js';
import { V4vDriver } from './kernel-driver.js';
import { ACK, ACK_WORDS, kindOf, messageType, RST, SYN, SYN_WORDS } from './protocol.js';
import { ReceiveRing } from './receive-ring.js';
import { effectiveRingBytes } from './ring-size.js';
import { type V4vSettings, v4vSettings } from './settings.js';
import { V4vSocket } from './stream.js';

/** The ring for requests of so many clients at once, as the backlog of listen() says: whole pages. */
function requestRingBytes(clients: number): number {
  const wanted = RING_START + (clients + 1) * footprint(4 * SYN_WORDS);
  const pages = Math.ceil(wanted / PAGE_SIZE);
  return effectiveRingBytes(pages * PAGE_SIZE - RING_START);
}

/** A client that has asked and not been answered. */
interface Request {
  readonly domid: number;
  readonly port: number;
  readonly ringBytes: number;
}

/**
 * listen(). One client: one ring, to which only it can send. Several: wildcard rings, one for requests and one for data,
 * so that data of those who are connected do not lie in front of the requests of those who are not.
 */
export function* listenV4v(guest: Guest, endpoint: Endpoint): Process<ListenOutcome> {
  const options = v4vSettings(endpoint.options);
  const driver = V4vDriver.of(guest);
  driver.argo.macPermissive = options.macPermissive;
  const { kernel } = guest.vcpu;
  kernel.enterSystemCall();
  const rings = driver.start() ?? (yield* openRings(driver, endpoint, options));
  kernel.leaveSystemCall();
  if ('failed' in rings) return rings;
  return { listener: new V4vListener(driver, endpoint, options, rings.requests, rings.data) };
}

function* openRings(
  driver: V4vDriver,
  endpoint: Endpoint,
  options: V4vSettings,
): Process<{ requests: ReceiveRing; data: ReceiveRing } | ConnectFailure> {
  const bytes = effectiveRingBytes(endpoint.ringSizeBytes);
  const [client, second] = endpoint.clientDomids;
  const isAlone = client !== undefined && second === undefined;
  const partner = isAlone ? client : DOMID_ANY;
  const data = yield* driver.openRing(isAlone ? endpoint.port : driver.takePort(), partner, bytes);
  if ('failed' in data) return data;
  const ring = new ReceiveRing(driver, data, options.notifyPolicy);
  if (isAlone) return { requests: ring, data: ring };
  const backlogBytes = requestRingBytes(endpoint.clientDomids.length);
  const requests = yield* driver.openRing(endpoint.port, partner, backlogBytes);
  if (!('failed' in requests)) {
    return { requests: new ReceiveRing(driver, requests, options.notifyPolicy), data: ring };
  }
  yield* ring.close();
  return requests;
}

/** A listening socket, and with it the receiving end of all its connections. */
class V4vListener implements Listener {
  private readonly inbox: Inbox;
  private readonly reader: Reader;
  /** Requests that wait to be answered, by domain. */
  private readonly backlog = new Map<number, Request[]>();
  private readonly sockets: V4vSocket[] = [];
  /** Connections that are not closed. */
  private readonly open = new Set<Connection>();
  private accepted = 0;

  constructor(
    private readonly driver: V4vDriver,
    private readonly endpoint: Endpoint,
    private readonly options: V4vSettings,
    private readonly requests: ReceiveRing,
    private readonly data: ReceiveRing,
  ) {
    this.inbox = new Inbox(driver, data);
    this.inbox.expected = endpoint.clientDomids.length;
    for (const domid of endpoint.clientDomids) this.backlog.set(domid, []);
    this.reader = {
      call: new BlockingCall(driver.guest.vcpu),
      connection: undefined,
      copied: -1,
    };
  }

  get lastSource(): number {
    return this.inbox.last?.source ?? -1;
  }

  *accept(): Process<ConnectOutcome> {
    const domid = this.endpoint.clientDomids[this.accepted];
    if (domid === undefined) return { failed: 'every client has connected' };
    const { kernel } = this.driver.guest.vcpu;
    kernel.enterSystemCall();
    const request = yield* this.requestOf(domid);
    const outcome = yield* this.grant(request);
    kernel.leaveSystemCall();
    return outcome;
  }

  /** The request of one client, whenever it comes. Those of others wait in the backlog. */
  private *requestOf(domid: number): Process<Request> {
    const { requests, backlog, driver } = this;
    for (;;) {
      const first = backlog.get(domid)?.shift();
      if (first !== undefined) return first;
      yield* requests.waitForMessage('v4v: a SYN');
      while (driver.guest.isAhead()) yield ORDER;
      if (!requests.look()) continue;
      let stranger: Request | undefined;
      if (kindOf(requests.headType) === SYN && requests.headLength === 4 * SYN_WORDS) {
        const request = {
          domid: requests.headDomid,
          port: requests.headPort,
          ringBytes: effectiveRingBytes(requests.headWord(0)),
        };
        const waiting = backlog.get(request.domid);
        if (waiting === undefined) stranger = request;
        else waiting.push(request);
      }
      requests.release();
      while (requests.finishRelease() === AGAIN) yield ORDER;
      if (stranger !== undefined) yield* this.refuse(stranger);
    }
  }

  private *grant(request: Request): Process<ConnectOutcome> {
    const { driver, inbox, data, options } = this;
    const { domid, port, ringBytes } = request;
    const connection = inbox.add(domid, port, this.accepted++);
    const sender = new DatagramSender(driver, data.ring.port, domid, port);
    driver.write32(sender.scratch, connection.number);
    driver.write32(sender.scratch + 4, data.ring.port);
    driver.write32(sender.scratch + 8, data.ring.bytes);
    const isSent = yield* sendControl(sender, messageType(ACK, 0), 4 * ACK_WORDS);
    if (!isSent) {
      inbox.remove(connection);
      sender.discard();
      return { failed: `dom${domid} has gone away again` };
    }
    const socket = new V4vSocket({
      guest: driver.guest,
      driver,
      sender,
      inbox,
      connection,
      peerNumber: 0,
      peerRingBytes: ringBytes,
      coalesceBytes: options.coalesceBytes,
      release: () => this.releaseWhenUnused(connection),
    });
    this.sockets.push(socket);
    this.open.add(connection);
    return { channel: socket };
  }

  private *refuse(request: Request): Process<void> {
    const sender = new DatagramSender(
      this.driver,
      this.data.ring.port,
      request.domid,
      request.port,
    );
    yield* sendControl(sender, messageType(RST, 0), 0);
    sender.discard();
  }

  tryReceive(address: number, length: number): number {
    return this.inbox.receive(this.reader, address, length, true);
  }

  waitUntilReadable(): Process<void> {
    return this.inbox.wait(this.reader, 'v4v: data from any client');
  }

  *close(): Process<void> {
    this.accepted = this.endpoint.clientDomids.length;
    for (const socket of this.sockets) yield* socket.close();
    yield* this.releaseRings();
  }

  /** The rings go with the last connection that can use them. */
  private *releaseWhenUnused(connection: Connection): Process<void> {
    this.open.delete(connection);
    const mayCome = this.accepted < this.endpoint.clientDomids.length;
    if (!mayCome && this.open.size === 0) yield* this.releaseRings();
  }

  private *releaseRings(): Process<void> {
    yield* this.data.close();
    yield* this.requests.close();
  }
}

/** Sends a control message, however long there is no room. Returns false when the peer is gone. */
function* sendControl(sender: DatagramSender, type: number, length: number): Process<boolean> {
  for (;;) {
    const outcome = sender.send(sender.scratch, length, type);
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* sender.wait('v4v: room for an answer');
    else return outcome >= 0;
  }
}
