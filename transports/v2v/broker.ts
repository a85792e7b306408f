import { InvariantViolation } from '../../src/base/errors.js';
import type { Process } from '../../src/sim/process.js';
import type { Guest } from '../../src/transport/guest.js';
import { TOOLSTACK } from '../../src/xen/causes.js';
import type { Domain } from '../../src/xen/domain.js';
import type { HypervisorExtension, Machine } from '../../src/xen/machine.js';
import type { Task } from '../../src/xen/task.js';
import type { XenstorePermission, XenstoreResult } from '../../src/xen/xenstore/protocol.js';
import type { XenstoreStore } from '../../src/xen/xenstore/store.js';
import type { XenstoreConnection } from '../../src/xen/xenstore/xenstored.js';
import {
  CONNECTIONS,
  connectionPath,
  HOMES,
  otherRole,
  parseConnection,
  parseRequest,
  REFUSED,
  REQUESTED,
  REQUESTS,
  requestPath,
  sidePath,
  type V2vPair,
  type V2vRole,
  WAITING,
} from './nodes.js';
import { Watch } from './watch.js';

const EXTENSION = 'v2v-broker';
/** The home's part that goes when a domain is destroyed: xenstored tells of its root alone. */
const DATA_OF_DOMAIN = /^\/local\/domain\/(\d+)\/data$/;

/**
 * The broker: a process of dom0 without which no V2V connection comes about. A guest asks by a node below its own home;
 * when both sides have asked, the broker makes the nodes of both, so that each owns its own and can read the other's. When
 * both have taken their requests back it removes them.
 *
 * It keeps no memory of connections, only xenstore does: one that is restarted goes on where the dead one stopped.
 */
export class V2vBroker implements HypervisorExtension {
  /** Times it was started. */
  starts = 0;
  private process: BrokerProcess | undefined;

  constructor(private readonly dom0: Guest) {
    this.start();
  }

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** The process dies where it stands, at the machine's present moment. */
  kill(): void {
    this.process?.kill();
    this.process = undefined;
  }

  /** Starts it again. It first serves the requests that have come meanwhile. */
  restart(): void {
    if (!this.isRunning) this.start();
  }

  /** It dies with dom0. */
  domainDestroyed(domain: Domain): void {
    if (domain === this.dom0.domain) this.process = undefined;
  }

  private start(): void {
    this.process = new BrokerProcess(this.dom0, this.starts++);
  }
}

/** One life of the broker. */
class BrokerProcess {
  private readonly watch: Watch;
  private readonly token: string;
  private readonly task: Task;
  private killed = false;
  private openTransaction = 0;

  constructor(
    private readonly dom0: Guest,
    private readonly number: number,
  ) {
    this.token = `v2v-broker ${number}`;
    this.watch = new Watch(dom0, HOMES, this.token);
    if (number === 0) {
      this.watch.preset();
      dom0.xenstore.presetNode(CONNECTIONS);
    }
    this.task = dom0.vcpu.spawn('v2v-broker', this.live());
  }

  kill(): void {
    this.killed = true;
    this.watch.abandon();
    const { machine, vcpu } = this.dom0;
    // Whatever it waits for, its end does not wait.
    vcpu.kernel.wakeAt(machine.now, this.task);
  }

  /** Serves until it is killed. Then the kernel closes its socket, and xenstored drops what belonged to it. */
  private *live(): Process<void> {
    const service = this.serve();
    let answer: unknown;
    while (!this.killed) {
      const step = service.next(answer);
      if (step.done === true) return;
      answer = yield step.value;
    }
    yield* this.dom0.xenstore.request((store, domid) => {
      store.unwatch(domid, this.watch.path, this.token);
      store.transactionEnd(domid, this.openTransaction, false);
      return { ok: true, value: undefined };
    });
    this.dom0.xenstore.handleWatch(this.token, undefined);
  }

  private *serve(): Process<void> {
    if (this.number > 0) {
      yield* this.watch.start();
      yield* this.serveWaiting();
    }
    for (;;) {
      const path = yield* this.watch.next('connection requests');
      if (path !== undefined) yield* this.serveEvent(path);
    }
  }

  /** Looks through all homes for the requests of an outage. At its first start, before any guest runs, there are none. */
  private *serveWaiting(): Process<void> {
    for (const domid of yield* this.children(HOMES)) {
      const requests = `${HOMES}/${domid}/${REQUESTS}`;
      for (const name of yield* this.children(requests)) {
        const path = `${requests}/${name}`;
        const request = parseRequest(path);
        if (request === undefined) continue;
        const text = yield* this.dom0.xenstore.read(path);
        if (text !== REQUESTED && text !== WAITING) continue;
        yield* this.serveRequest(request.pair, request.role);
      }
    }
    yield* this.sweep(() => true);
  }

  private *serveEvent(path: string): Process<void> {
    const request = parseRequest(path);
    if (request === undefined) {
      const home = DATA_OF_DOMAIN.exec(path);
      if (home === null || (yield* this.dom0.xenstore.read(path)) !== undefined) return;
      const dead = Number(home[1]);
      yield* this.sweep(({ listener, connector }) => listener === dead || connector === dead);
      return;
    }
    const text = yield* this.dom0.xenstore.read(path);
    if (text === REQUESTED) yield* this.serveRequest(request.pair, request.role);
    else if (text === undefined) yield* this.removeUnwanted(request.pair);
  }

  /** Makes the nodes when both sides have asked: no domain can fill another's quota of nodes by asking alone. */
  private *serveRequest(pair: V2vPair, role: V2vRole): Process<void> {
    this.chargeStep();
    const { xenstore } = this.dom0;
    const other = otherRole(role);
    const others = yield* xenstore.read(requestPath(pair, other));
    if (others === undefined) {
      const home = yield* xenstore.read(`${HOMES}/${pair[other]}`);
      const answer = home === undefined ? `${REFUSED} ENOENT` : WAITING;
      yield* xenstore.write(requestPath(pair, role), answer);
      return;
    }
    const roles = others === WAITING || others === REQUESTED ? [role, other] : [role];
    if ((yield* xenstore.read(`${sidePath(pair, role)}/state`)) === undefined) {
      const made = yield* this.makeNodes(pair, roles);
      if (made.ok) return;
      for (const each of roles) yield* this.refuse(requestPath(pair, each), made.error);
      return;
    }
    for (const each of roles) {
      yield* xenstore.write(requestPath(pair, each), sidePath(pair, each));
    }
  }

  /**
   * Refuses a request, if it is still there: one of the two may have died meanwhile, and a node written now would stay
   * in dom0's name for ever.
   */
  private *refuse(path: string, error: string): Process<void> {
    yield* this.transaction((transaction) => [
      (store, domid) => store.read(domid, path, transaction),
      (store, domid) => store.write(domid, path, `${REFUSED} ${error}`, transaction),
    ]);
  }

  /** Makes the nodes of both sides, and answers, all at once. */
  private *makeNodes(pair: V2vPair, answered: readonly V2vRole[]): Process<XenstoreResult<void>> {
    return yield* this.transaction((transaction) => [
      ...sideSteps(pair, 'listener', transaction),
      ...sideSteps(pair, 'connector', transaction),
      ...answered.map(
        (role) => (store: XenstoreStore, domid: number) =>
          store.write(domid, requestPath(pair, role), sidePath(pair, role), transaction),
      ),
    ]);
  }

  /** A transaction that ends with this process, too: it is known from the moment at which xenstored begins it. */
  private *transaction(
    body: Parameters<XenstoreConnection['transaction']>[0],
  ): Process<XenstoreResult<void>> {
    const ended = yield* this.dom0.xenstore.transaction(body, (id) => {
      this.openTransaction = id;
    });
    this.openTransaction = 0;
    return ended;
  }

  /** Removes the nodes of a connection that neither side asks for any more. */
  private *removeUnwanted(pair: V2vPair): Process<void> {
    this.chargeStep();
    const { xenstore } = this.dom0;
    for (const role of ['listener', 'connector'] as const) {
      if ((yield* xenstore.read(requestPath(pair, role))) !== undefined) return;
    }
    yield* xenstore.rm(connectionPath(pair));
  }

  /** Removes what nobody asks for any more among the connections of some domains. */
  private *sweep(concerns: (pair: V2vPair) => boolean): Process<void> {
    for (const name of yield* this.children(CONNECTIONS)) {
      const pair = parseConnection(name);
      if (pair !== undefined && concerns(pair)) yield* this.removeUnwanted(pair);
    }
  }

  private *children(path: string): Process<readonly string[]> {
    const { xenstore } = this.dom0;
    const whole = yield* xenstore.request((store, domid) => store.directory(domid, path));
    if (whole.ok) return whole.value;
    if (whole.error !== 'E2BIG') return [];
    let names = '';
    for (;;) {
      const offset = names.length;
      const part = yield* xenstore.request((store, domid) =>
        store.directoryPart(domid, path, offset),
      );
      if (!part.ok) return [];
      names += part.value.names;
      if (part.value.complete) return names.split('\0').filter((name) => name !== '');
    }
  }

  private chargeStep(): void {
    const { vcpu, machine } = this.dom0;
    vcpu.pcpu.charge(TOOLSTACK, machine.prices.brokerStep);
  }
}

function sideSteps(
  pair: V2vPair,
  role: V2vRole,
  transaction: number,
): ((store: XenstoreStore, domid: number) => XenstoreResult<unknown>)[] {
  const path = sidePath(pair, role);
  const peer = otherRole(role);
  const permissions: readonly XenstorePermission[] = [
    { domid: pair[role], access: 'n' },
    { domid: pair[peer], access: 'r' },
  ];
  const nodes: readonly [string, string][] = [
    ['backend', sidePath(pair, peer)],
    ['peer-domid', String(pair[peer])],
    ['state', 'unready'],
  ];
  return [
    (store, domid) => store.mkdir(domid, path, transaction),
    // What is made below has the same permissions: xenstored copies them from the parent.
    (store, domid) => store.setPermissions(domid, path, permissions, transaction),
    ...nodes.map(
      ([name, value]) =>
        (store: XenstoreStore, domid: number) =>
          store.write(domid, `${path}/${name}`, value, transaction),
    ),
  ];
}

/** Starts the broker of a machine, once. */
export function startBroker(dom0: Guest): V2vBroker {
  return dom0.machine.extend(EXTENSION, () => new V2vBroker(dom0));
}

/** The broker of a machine. It must have been started. */
export function brokerOf(machine: Machine): V2vBroker {
  return machine.extend<V2vBroker>(EXTENSION, () => {
    throw new InvariantViolation('no V2V broker was started on this machine');
  });
}
