import { invariant } from '../../../base/errors.js';
import type { Installation } from '../../../transport/installation.js';
import type { ControlChange, ControlOrder, StoreCall } from '../../../xen/control-order.js';
import type { SpinLock } from '../../../xen/spin-lock.js';
import type { XenstoreResult } from '../../../xen/xenstore/protocol.js';
import type { XenstoreStore } from '../../../xen/xenstore/store.js';
import type { LiveUpcalls } from '../live-upcalls.js';
import type { InstallationPlatform } from './installation-platform.js';
import type { Journal } from './journal.js';

/**
 * The order of hypercalls among the threads of an installation: a lock that data-path hypercalls hold for reading, so
 * that they run side by side under the locks that Xen has, and changes for writing; and the journal of the changes.
 *
 * Invariant: a thread that is inside a hypercall knows all changes there are.
 */
export class ThreadOrder implements ControlOrder {
  private depth = 0;
  private isChanging = false;
  /** Changes of the hypercall that is under way, the outer before the inner. */
  private readonly changes: (ControlChange | undefined)[] = [];
  private readonly deferred: (() => void)[] = [];

  constructor(
    private readonly platform: InstallationPlatform,
    private readonly installation: Installation,
    private readonly journal: Journal,
    private readonly lock: SpinLock,
  ) {}

  get isDom0(): boolean {
    return this.platform.thread === 0;
  }

  enter(): void {
    if (this.depth++ > 0) return;
    this.lock.lockForReading();
    this.catchUp();
  }

  leave(): void {
    if (--this.depth === 0) this.lock.unlock();
  }

  change<T>(work: () => T, record: (result: T) => ControlChange | undefined): T {
    invariant(this.depth === 0 || this.isChanging, 'the data path changes what others know');
    if (this.depth++ === 0) {
      this.lock.lockForWriting();
      this.isChanging = true;
      this.catchUp();
    }
    const place = this.changes.push(undefined) - 1;
    const result = work();
    this.changes[place] = record(result);
    if (--this.depth === 0) this.endChange();
    return result;
  }

  private endChange(): void {
    const changes = this.changes.splice(0).filter((change) => change !== undefined);
    for (const change of changes) {
      this.journal.append(change);
      this.noteOwnPorts(change);
    }
    this.isChanging = false;
    this.lock.unlock();
    // A domain that was stopped may have left others without the wake-up that it owed them.
    if (changes.some(({ kind }) => concernsAll(kind))) this.platform.wakeAll();
    for (const domid of this.installation.xenstored.store.domainsWithEvents()) {
      this.platform.wake(domid);
    }
  }

  ask<T>(
    store: XenstoreStore,
    request: (store: XenstoreStore) => XenstoreResult<T>,
  ): XenstoreResult<T> {
    const calls: StoreCall[] = [];
    return this.change(
      () => request(recording(store, calls)),
      () => ({ kind: 'xenstore', calls }),
    );
  }

  later(work: () => void): void {
    this.deferred.push(work);
  }

  stop(domid: number): void {
    invariant(domid !== this.platform.thread, 'a live domain cannot end its own thread', { domid });
    this.platform.stop(domid);
  }

  framesOf(domid: number): Iterable<number> {
    return this.platform.memory.framesOf(domid);
  }

  /** Takes in what other threads have changed, between hypercalls. */
  takeNews(): void {
    this.catchUp();
    for (let work = this.deferred.shift(); work !== undefined; work = this.deferred.shift()) work();
    this.own.xenstore.takeEvents(this);
  }

  private catchUp(): void {
    const { platform, installation } = this;
    for (let news = this.journal.next(); news !== undefined; news = this.journal.next()) {
      platform.words.isRepeating = true;
      platform.memory.isRepeating = true;
      if (news.kind === 'xenstore') repeatCalls(installation.xenstored.store, news.calls);
      else installation.machine.repeat(news);
      platform.words.isRepeating = false;
      platform.memory.isRepeating = false;
      this.noteOwnPorts(news);
    }
  }

  private noteOwnPorts({ kind }: ControlChange): void {
    if (kind === 'port') (this.own.vcpu.upcalls as LiveUpcalls).portsChanged();
  }

  private get own(): Installation['dom0'] {
    const { thread } = this.platform;
    return thread === 0 ? this.installation.dom0 : this.installation.guest(thread - 1);
  }
}

/** Whether a change lets other domains go on with something. */
function concernsAll(kind: ControlChange['kind']): boolean {
  return kind === 'unmap' || kind === 'crash' || kind === 'destroy' || kind === 'forget';
}

/** The store, with a note of each call. */
function recording(store: XenstoreStore, calls: StoreCall[]): XenstoreStore {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => {
        calls.push([String(name), parameters]);
        return Reflect.apply(member, target, parameters) as unknown;
      };
    },
  });
}

function repeatCalls(store: XenstoreStore, calls: readonly StoreCall[]): void {
  for (const [method, parameters] of calls) {
    const member = Reflect.get(store, method) as (...values: unknown[]) => unknown;
    // What was left out has become null on the way.
    Reflect.apply(
      member,
      store,
      parameters.map((value) => value ?? undefined),
    );
  }
}
