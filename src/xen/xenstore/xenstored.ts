import { BLOCKED, ORDER, type Process } from '../../sim/process.js';
import { TRACE } from '../../sim/trace.js';
import { GUEST_KERNEL, TOOLSTACK } from '../causes.js';
import type { ControlOrder } from '../control-order.js';
import type { Domain } from '../domain.js';
import type { EventPort } from '../event-channels.js';
import type { Task } from '../task.js';
import type { Vcpu } from '../vcpu.js';
import type {
  XenstorePermission,
  XenstoreQuotas,
  XenstoreResult,
  XenstoreWatchEvent,
} from './protocol.js';
import { XenstoreStore } from './store.js';

interface Request {
  readonly connection: XenstoreConnection;
  readonly carryOut: (store: XenstoreStore) => XenstoreResult<unknown>;
  result: XenstoreResult<unknown> | undefined;
  task: Task | undefined;
}

/**
 * Nodes that libxl makes in the name of a new domain (libxl_create.c, libxl_device.c, 4.17): they count towards its quota, which
 * a connection later finds smaller by so many.
 */
const OWN_NODES: readonly string[] = [
  'control/shutdown',
  'control/feature-poweroff',
  'control/feature-reboot',
  'control/feature-suspend',
  'control/sysrq',
  'device/suspend/event-channel',
  'data',
  'drivers',
  'feature',
  'attr',
  'error',
  'console/backend-id',
];

/**
 * xenstored, a process of dom0 on its vCPU 0: takes requests in order of arrival, one at a time, and answers by event
 * channel (guests) or socket (dom0). The data is XenstoreStore's.
 *
 * Simplification (docs/cost-model.md): requests and answers pass as values, not as bytes of the xenstore ring.
 */
export class Xenstored {
  readonly store: XenstoreStore;
  private readonly requests: Request[] = [];
  private readonly connections = new Map<number, XenstoreConnection>();
  private readonly task: Task;

  constructor(
    readonly dom0: Domain,
    quotas: Partial<XenstoreQuotas> = {},
  ) {
    const { machine } = dom0;
    this.store = new XenstoreStore(quotas, (domid) => machine.domain(domid) !== undefined);
    this.task = dom0.vcpu.spawn('xenstored', this.serve());
  }

  /** Connects a domain, as the toolstack does when it creates one. Costs nothing: it is not part of what is measured. */
  introduce(domain: Domain): XenstoreConnection {
    const connection = new XenstoreConnection(this, domain);
    this.connections.set(domain.domid, connection);
    if (domain !== this.dom0) {
      this.store.introduce(domain.domid);
      this.makeNodes(domain.domid);
    }
    return connection;
  }

  /** The nodes that libxl makes for a new domain: its home, which it may read, and some in it that are its own. */
  private makeNodes(domid: number): void {
    const home = `/local/domain/${domid}`;
    const readable: XenstorePermission[] = [
      { domid: 0, access: 'n' },
      { domid, access: 'r' },
    ];
    this.store.mkdir(0, home);
    this.store.setPermissions(0, home, readable);
    this.store.write(0, `${home}/domid`, String(domid));
    this.store.setPermissions(0, `${home}/domid`, readable);
    for (const name of OWN_NODES) {
      this.store.mkdir(0, `${home}/${name}`);
      this.store.setPermissions(0, `${home}/${name}`, [{ domid, access: 'n' }]);
    }
  }

  /** The toolstack tells that a domain is gone: its nodes go and watchers of @releaseDomain learn of it. */
  release(domid: number): void {
    this.connections.delete(domid);
    const { order } = this.dom0.machine;
    if (order === undefined) {
      this.store.release(domid);
      this.task.wake();
    } else {
      order.ask(this.store, (store) => store.release(domid));
    }
  }

  /**
   * The daemon dies: no request is answered any more, and no watch fires. There is no way back, for its tree and its
   * connections die with it.
   */
  kill(): void {
    this.killed = true;
    this.requests.length = 0;
  }
  private killed = false;

  /** Killed: what it held is held by nobody any more. */
  get isDead(): boolean {
    return this.killed;
  }

  /** @internal */
  accept(request: Request): void {
    if (!this.isDead) this.requests.push(request);
  }

  /** Events from a guest's connection wake the daemon. */
  readonly onEvent = (): void => {
    if (!this.isDead) this.task.wake();
  };

  private *serve(): Process {
    const { vcpu, machine } = this.dom0;
    const { counters, prices } = machine;
    while (!this.isDead) {
      const request = this.requests.shift();
      if (request === undefined) {
        if (this.deliverWatches()) continue;
        this.task.block('xenstore requests');
        yield BLOCKED;
        continue;
      }
      vcpu.pcpu.charge(TOOLSTACK, prices.xenstoreOperation);
      while (vcpu.isAhead()) yield ORDER;
      if (this.isDead) return;
      request.result = request.carryOut(this.store);
      counters.xenstore.operations++;
      if (!request.result.ok) counters.xenstore.errors++;
      const { domid } = request.connection.domain;
      machine.trace.add(TRACE.xenstore, vcpu.pcpu.clock, domid, 0, 0, this.store.lastRequest);
      // Whoever watches may have killed it there: done, and nobody is told.
      if (this.isDead) return;
      request.connection.answer(vcpu);
      this.deliverWatches();
    }
  }

  private deliverWatches(): boolean {
    const waiting = this.store.domainsWithEvents();
    for (const domid of waiting) {
      if (this.isDead) return false;
      const connection = this.connections.get(domid);
      const events = this.store.takeWatchEvents(domid);
      if (connection === undefined) continue;
      this.dom0.machine.counters.xenstore.watches += events.length;
      connection.tell(this.dom0.vcpu, events);
    }
    return waiting.length > 0;
  }
}

/** A domain's connection to xenstored: the kernel's xenbus driver and what programs do with it. */
export class XenstoreConnection {
  private readonly outstanding: Request[] = [];
  private readonly events: XenstoreWatchEvent[] = [];
  private readonly handlers = new Map<string, (path: string) => void>();
  private readonly guestPort: EventPort | undefined;
  private readonly dom0Port: EventPort | undefined;

  constructor(
    private readonly daemon: Xenstored,
    readonly domain: Domain,
  ) {
    if (domain === daemon.dom0) return;
    [this.guestPort, this.dom0Port] = domain.eventChannels.wireTo(daemon.dom0.eventChannels);
    this.guestPort.handler = () => this.onAnswer();
    this.dom0Port.handler = daemon.onEvent;
  }

  /** One request and its answer. The calling task sleeps until xenstored has answered. */
  *request<T>(
    carryOut: (store: XenstoreStore, domid: number) => XenstoreResult<T>,
  ): Process<XenstoreResult<T>> {
    const { executingVcpu: vcpu, domid, machine } = this.domain;
    vcpu.kernel.enterSystemCall();
    vcpu.pcpu.charge(GUEST_KERNEL, machine.prices.xenbus);
    const { order } = machine;
    if (order !== undefined) {
      const result = order.ask(this.daemon.store, (store) => carryOut(store, domid));
      vcpu.kernel.leaveSystemCall();
      return result;
    }
    while (vcpu.isAhead()) yield ORDER;
    const task = vcpu.currentTask as Task;
    const request: Request = {
      connection: this,
      carryOut: (store) => carryOut(store, domid),
      result: undefined,
      task,
    };
    this.outstanding.push(request);
    this.daemon.accept(request);
    if (this.guestPort === undefined) this.daemon.onEvent();
    else this.domain.eventChannels.send(vcpu, this.guestPort.number);
    while (request.result === undefined) {
      task.block('an answer of xenstored');
      yield BLOCKED;
    }
    vcpu.kernel.leaveSystemCall();
    return request.result as XenstoreResult<T>;
  }

  *read(path: string): Process<string | undefined> {
    const result = yield* this.request((store, domid) => store.read(domid, path));
    return result.ok ? result.value : undefined;
  }

  write(path: string, value: string): Process<XenstoreResult<void>> {
    return this.request((store, domid) => store.write(domid, path, value));
  }

  rm(path: string): Process<XenstoreResult<void>> {
    return this.request((store, domid) => store.rm(domid, path));
  }

  setPermissions(
    path: string,
    permissions: readonly XenstorePermission[],
  ): Process<XenstoreResult<void>> {
    return this.request((store, domid) => store.setPermissions(domid, path, permissions));
  }

  watch(path: string, token: string): Process<XenstoreResult<void>> {
    return this.request((store, domid) => store.watch(domid, path, token));
  }

  unwatch(path: string, token: string): Process<XenstoreResult<void>> {
    return this.request((store, domid) => store.unwatch(domid, path, token));
  }

  /**
   * Carries out several requests in one transaction, again from the start when it met a conflict.
   *
   * @param begun told the transaction's number at the moment at which xenstored begins it
   */
  *transaction(
    body: (
      transactionId: number,
    ) => readonly ((store: XenstoreStore, domid: number) => XenstoreResult<unknown>)[],
    begun?: (transactionId: number) => void,
  ): Process<XenstoreResult<void>> {
    this.domain.machine.counters.xenstore.transactions++;
    for (;;) {
      const started = yield* this.request((store, domid) => {
        const result = store.transactionStart(domid);
        if (result.ok) begun?.(result.value);
        return result;
      });
      if (!started.ok) return started;
      for (const step of body(started.value)) {
        const result = yield* this.request(step);
        if (result.ok) continue;
        yield* this.request((store, domid) => store.transactionEnd(domid, started.value, false));
        return result;
      }
      const ended = yield* this.request((store, domid) =>
        store.transactionEnd(domid, started.value, true),
      );
      if (ended.ok || ended.error !== 'EAGAIN') return ended;
    }
  }

  /**
   * Passes the events of one token to a handler, which runs in this domain's interrupt handler, as xenbus_dev of Linux
   * tells them apart. Undefined: nobody wants them any more.
   */
  handleWatch(token: string, handler: ((path: string) => void) | undefined): void {
    if (handler === undefined) this.handlers.delete(token);
    else this.handlers.set(token, handler);
  }

  /** Sets a watch at no cost: for a service that stood ready before anything that is measured began. */
  presetWatch(path: string, token: string): XenstoreResult<void> {
    return this.daemon.store.watch(this.domain.domid, path, token);
  }

  /** Makes a node at no cost: what a service that stood ready had made before. */
  presetNode(path: string): XenstoreResult<void> {
    return this.daemon.store.mkdir(this.domain.domid, path);
  }

  /** Where each domain is a thread: takes the watch events that wait for this domain. */
  takeEvents(order: ControlOrder): void {
    const { daemon, domain } = this;
    if (!daemon.store.domainsWithEvents().includes(domain.domid)) return;
    const taken = order.ask(daemon.store, (store) => ({
      ok: true,
      value: store.takeWatchEvents(domain.domid),
    }));
    if (taken.ok) this.events.push(...taken.value);
    this.passOnEvents();
  }

  /** @internal xenstored has answered the oldest request. */
  answer(dom0: Vcpu): void {
    if (this.dom0Port === undefined) this.onAnswer();
    else this.daemon.dom0.eventChannels.send(dom0, this.dom0Port.number, 'answer');
  }

  /** @internal xenstored passes watch events on. */
  tell(dom0: Vcpu, events: readonly XenstoreWatchEvent[]): void {
    this.events.push(...events);
    if (this.dom0Port === undefined) {
      this.passOnEvents();
      return;
    }
    const paths = [...new Set(events.map(({ path }) => path))].join(',');
    this.daemon.dom0.eventChannels.send(dom0, this.dom0Port.number, `event ${paths}`);
  }

  /** Runs in this domain: the interrupt handler of xenbus. */
  private onAnswer(): void {
    while (this.outstanding[0]?.result !== undefined) this.outstanding.shift()?.task?.wake();
    if (this.events.length > 0) this.passOnEvents();
  }

  private passOnEvents(): void {
    for (const { token, path } of this.events.splice(0)) this.handlers.get(token)?.(path);
  }
}
