import type { Process } from '../../sim/process.js';
import type { ConnectFailure, ConnectOutcome, Listener, TransportDriver } from '../contract.js';
import type { Guest } from '../guest.js';
import { grownSince } from '../holdings.js';
import type { CheckOutcome, ConformanceCheck } from './check.js';
import { ringSizesFor, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** Connections that do not come about: what they have taken by then is given back. */

/** More xenstore nodes, watches and event channels than any transport takes for one connection with its smallest ring. */
const MOST_NODES = 16;
const MOST_WATCHES = 3;
const MOST_PORTS = 3;
/** Small limits, so that there is not much to use up. */
const QUOTAS = { nodesPerDomain: 60, watchesPerDomain: 12 };
const GUEST_LIMITS = { eventChannels: 24 };

const FIRST_PORT = 1;
const PORT = 2;

/** Something of which one guest has little left. */
interface Shortage {
  readonly name: string;
  /** Whether only transports that are set up through xenstore need it. */
  readonly isXenstores: boolean;
  /** What is left, from 0. */
  readonly most: number;
  /** Uses up all but `left`. */
  apply(guest: Guest, left: number): Process;
}

const DONE = { ok: true, value: undefined } as const;

const SHORTAGES: readonly Shortage[] = [
  {
    name: 'xenstore nodes',
    isXenstores: true,
    most: MOST_NODES,
    *apply({ xenstore }, left) {
      yield* xenstore.request((store, domid) => {
        const path = (i: number): string => `/local/domain/${domid}/data/filler-${i}`;
        let filled = 0;
        while (store.write(domid, path(filled), '').ok) filled++;
        for (let i = 1; i <= left; i++) store.rm(domid, path(filled - i));
        return DONE;
      });
    },
  },
  {
    name: 'xenstore watches',
    isXenstores: true,
    most: MOST_WATCHES,
    *apply({ xenstore }, left) {
      yield* xenstore.request((store, domid) => {
        const path = `/local/domain/${domid}/data`;
        let filled = 0;
        while (store.watch(domid, path, `filler-${filled}`).ok) filled++;
        for (let i = 1; i <= left; i++) store.unwatch(domid, path, `filler-${filled - i}`);
        return DONE;
      });
    },
  },
  {
    name: 'event channels',
    isXenstores: false,
    most: MOST_PORTS,
    *apply({ domain, vcpu }, left) {
      const filled: number[] = [];
      for (;;) {
        const port = domain.eventChannels.allocUnbound(vcpu, 0);
        if (port < 0) break;
        filled.push(port);
      }
      for (const port of filled.slice(filled.length - left)) domain.eventChannels.close(vcpu, port);
    },
  },
];

/** Listens, and when that is done connects: what a toolstack does that wants to know of a failure. */
class Attempt {
  accepted: ConnectOutcome | undefined;
  connected: ConnectOutcome | undefined;
  private listener: Listener | undefined;

  constructor(private readonly trial: Trial) {}

  /** Returns what is wrong. The connection may fail: it may not wait for ever, nor leave anything. */
  carryOut(): string | undefined {
    const { trial } = this;
    const accepting = trial.spawn(trial.server, 'accept', this.accept());
    trial.allowToWait(accepting);
    const early = trial.run();
    const hasEnded = trial.asSeenBy(trial.server, () => this.accepted !== undefined);
    if (early !== undefined || hasEnded) return early;
    trial.spawn(trial.client, 'connect', this.connect());
    const problem = trial.run();
    if (problem !== undefined) return problem;
    const { connected } = this;
    if (connected !== undefined && 'channel' in connected) {
      trial.spawn(trial.client, 'close', connected.channel.close());
    }
    return this.close();
  }

  /** The server closes what it has, also where its accept still waits. */
  close(): string | undefined {
    this.trial.spawn(this.trial.server, 'close', this.closeServer());
    return this.trial.run();
  }

  private *closeServer(): Process {
    const { accepted, listener } = this;
    if (accepted !== undefined && 'channel' in accepted) yield* accepted.channel.close();
    if (listener !== undefined) yield* listener.close();
  }

  failures(): readonly ConnectFailure[] {
    const { trial } = this;
    return [
      trial.asSeenBy(trial.server, () => failureOf(this.accepted)),
      trial.asSeenBy(trial.client, () => failureOf(this.connected)),
    ].filter((one) => one !== undefined);
  }

  *accept(): Process {
    const { trial } = this;
    const listening = yield* trial.driver.listen(trial.server, trial.endpoint(PORT));
    if (!('listener' in listening)) {
      this.accepted = listening;
      return;
    }
    this.listener = listening.listener;
    this.accepted = yield* listening.listener.accept();
  }

  private *connect(): Process {
    const { trial } = this;
    this.connected = yield* trial.driver.connect(trial.client, trial.endpoint(PORT));
  }
}

function failureOf(outcome: ConnectOutcome | undefined): ConnectFailure | undefined {
  return outcome !== undefined && 'failed' in outcome ? outcome : undefined;
}

/** A trial in which one connection has been: what a driver keeps after the first is not the next one's. */
function afterTheFirst(driver: TransportDriver, setting: Setting): Trial {
  const ringSizeBytes = ringSizesFor(driver)[0] ?? 0;
  const options = { ringSizeBytes, quotas: QUOTAS, guestLimits: GUEST_LIMITS };
  const trial = new Trial(driver, setting, options);
  trial.pair({ *client() {}, *server() {} }, FIRST_PORT);
  trial.run();
  return trial;
}

export const failedConnection: ConformanceCheck = {
  name: 'failed-connection',
  promise:
    'a connection for which a resource is missing, at whatever point, fails at both ends, names the limit, and leaves nothing behind',
  run: (driver, setting): CheckOutcome => {
    // Where a resource is missing does not depend on the circumstances.
    const { usesXenstore, grantModes } = driver.capabilities;
    if (setting.seed !== 1 || setting.grantMode !== grantModes[0]) return {};
    let failed = 0;
    for (const { name, most, isXenstores, apply } of SHORTAGES) {
      if (isXenstores && !usesXenstore) continue;
      for (const role of ['server', 'client'] as const) {
        for (let left = 0; left <= most; left++) {
          const trial = afterTheFirst(driver, setting);
          trial.spawn(trial[role], 'filler', apply(trial[role], left));
          trial.run();
          const before = trial.holdings();
          const attempt = new Attempt(trial);
          const where = `${left} ${name} left for the ${role}`;
          const problem = attempt.carryOut();
          if (problem !== undefined) return { problem: `${where}: ${problem}` };
          const grown = grownSince(before, trial.holdings());
          if (grown !== undefined) return { problem: `${where}: left ${grown}` };
          const failures = attempt.failures();
          if (failures.length > 0) failed++;
          if (failures.every(({ limit }) => limit === undefined) && failures.length > 0) {
            return { problem: `${where}: "${failures[0]?.failed}" names no limit` };
          }
        }
      }
    }
    return { findings: { 'attempts that a shortage ended': String(failed) } };
  },
};

export const closedBeforeAnyClient: ConformanceCheck = {
  name: 'closed-before-any-client',
  promise: 'a listener that is closed while it waits for a client leaves nothing behind',
  run: (driver, setting): CheckOutcome => {
    const trial = afterTheFirst(driver, setting);
    const before = trial.holdings();
    const attempt = new Attempt(trial);
    trial.allowToWait(trial.spawn(trial.server, 'accept', attempt.accept()));
    const problem = trial.run() ?? attempt.close();
    if (problem !== undefined) return { problem };
    const grown = grownSince(before, trial.holdings());
    return grown === undefined ? {} : { problem: `it left ${grown}` };
  },
};
