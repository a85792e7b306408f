import { Prng } from '../../base/prng.js';
import type { Process } from '../../sim/process.js';
import type { Task } from '../../xen/task.js';
import type { TransportDriver } from '../contract.js';
import { type Channel, type Listener, outcomeName, PEER_GONE } from '../contract.js';
import { Gate } from '../gate.js';
import type { Guest } from '../guest.js';
import type { CheckOutcome, ConformanceCheck } from './check.js';
import { compute, type End, sleep } from './end.js';
import { ringSizesFor, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** The other side goes away, in order or not, while this side waits for it. */

type Role = 'server' | 'client';
type Doing = 'read' | 'write';

const ROLES: readonly Role[] = ['server', 'client'];
const DOINGS: readonly Doing[] = ['read', 'write'];
/** By then the survivor has long been waiting. */
const LATER_PS = 500e6;
const MESSAGE_BYTES = 48;

interface SurvivorFate {
  /** How its last attempt ended; undefined while it waits. */
  readonly ended: number | undefined;
  /** Messages that it has moved since it told that it waits. */
  readonly moved: number;
  /** What it waits for at the end, if it does. */
  readonly waitsFor: string | undefined;
}

/** One connection of which one side will go. */
class Departure {
  readonly trial: Trial;
  private ended: number | undefined;
  private moved = 0;
  readonly survivor: Guest;
  readonly leaver: Guest;
  private readonly aboutToWait: Gate;
  private survivorTask: Task | undefined;

  constructor(
    driver: TransportDriver,
    setting: Setting,
    readonly leaverRole: Role,
    readonly doing: Doing,
  ) {
    this.trial = new Trial(driver, setting, {
      ringSizeBytes: ringSizesFor(driver)[0] ?? 0,
      onCrash: 'destroy',
    });
    this.aboutToWait = this.trial.gate();
    const { server, client } = this.trial;
    [this.leaver, this.survivor] = leaverRole === 'server' ? [server, client] : [client, server];
  }

  /** The survivor has been waiting for a while: now the other may go. */
  *untilItWaits(guest: Guest): Process {
    yield* this.aboutToWait.pass(guest);
    yield* sleep(guest, LATER_PS * this.trial.slowness);
  }

  /** Starts both sides. @param leave what the leaver does when the survivor waits */
  start(leave: (end: End, channel: Channel, listener: Listener | undefined) => Process): Task {
    this.survivorTask = this.trial.spawn(this.survivor, 'survivor', this.survive());
    return this.trial.spawn(this.leaver, 'leaver', this.lead(leave));
  }

  /** What became of the survivor, when the trial is over. */
  fate(): SurvivorFate {
    return this.trial.asSeenBy(this.survivor, () => {
      const { ended, moved, survivorTask: task } = this;
      return { ended, moved, waitsFor: task?.state === 'blocked' ? task.waitingFor : undefined };
    });
  }

  allowSurvivorToWait(): void {
    if (this.survivorTask !== undefined) this.trial.allowToWait(this.survivorTask);
  }

  private *connected(guest: Guest): Process<readonly [End, Listener | undefined] | undefined> {
    const { trial } = this;
    const { client, server } = trial;
    if (guest === server) {
      const accepted = yield* trial.accept(1, [client]);
      if (accepted === undefined) return undefined;
      return [trial.end(guest, accepted[1], 1, client), accepted[0]];
    }
    const channel = yield* trial.connect(guest, 1, [client]);
    return channel === undefined ? undefined : [trial.end(guest, channel, 1, client), undefined];
  }

  private *survive(): Process {
    const connection = yield* this.connected(this.survivor);
    if (connection === undefined) return;
    const [end, listener] = connection;
    if (this.doing === 'read') yield* end.receive(0, MESSAGE_BYTES);
    this.aboutToWait.open(this.survivor);
    for (let index = 0; this.ended === undefined; index++) {
      const outcome =
        this.doing === 'read'
          ? yield* end.receiveOrFail(index + 1, MESSAGE_BYTES)
          : yield* end.sendOrFail(index, MESSAGE_BYTES);
      if (outcome < 0) this.ended = outcome;
      else this.moved++;
    }
    yield* end.channel.close();
    yield* listener?.close() ?? nothing();
  }

  private *lead(
    leave: (end: End, channel: Channel, listener: Listener | undefined) => Process,
  ): Process {
    const connection = yield* this.connected(this.leaver);
    if (connection === undefined) return;
    const [end, listener] = connection;
    if (this.doing === 'read') yield* end.send(0, MESSAGE_BYTES);
    yield* this.untilItWaits(this.leaver);
    yield* leave(end, end.channel, listener);
  }
}

function* nothing(): Process {}

/** Waits for ever. */
function* neverPassing(guest: Guest): Process {
  yield* new Gate().pass(guest);
}

function forEachDeparture(
  driver: TransportDriver,
  setting: Setting,
  one: (departure: Departure, name: string) => string | undefined,
): string | undefined {
  for (const leaver of ROLES) {
    for (const doing of DOINGS) {
      const name = `the ${leaver} goes while the other waits to ${doing}`;
      const problem = one(new Departure(driver, setting, leaver, doing), name);
      if (problem !== undefined) return `${name}: ${problem}`;
    }
  }
  return undefined;
}

export const peerCloses: ConformanceCheck = {
  name: 'peer-closes',
  promise: 'a side that waits to read or to write learns that the other has closed',
  run: (driver, setting): CheckOutcome => ({
    problem: forEachDeparture(driver, setting, (departure) => {
      departure.start(function* (_end, channel, listener) {
        yield* channel.close();
        yield* listener?.close() ?? nothing();
      });
      const problem = departure.trial.run();
      if (problem !== undefined) return problem;
      const { ended } = departure.fate();
      if (ended === PEER_GONE) return undefined;
      return `ended with ${ended === undefined ? 'nothing' : outcomeName(ended)}, not peer-gone`;
    }),
  }),
};

export const lastWords: ConformanceCheck = {
  name: 'last-words',
  promise: 'what was sent before a side closed: whether it still arrives is reported',
  run: (driver, setting): CheckOutcome => {
    const findings: Record<string, string> = {};
    for (const leaverRole of ROLES) {
      const departure = new Departure(driver, setting, leaverRole, 'read');
      departure.start(function* (end, channel, listener) {
        yield* end.send(1, MESSAGE_BYTES);
        yield* channel.close();
        yield* listener?.close() ?? nothing();
      });
      const problem = departure.trial.run();
      if (problem !== undefined) return { problem };
      findings[`last message of the ${leaverRole}`] =
        departure.fate().moved > 0 ? 'arrives' : 'is lost';
    }
    return { findings };
  },
};

/** The leaver's domain crashes at a moment that `when` waits for: its code stops where it stands. */
function crash(departure: Departure, when: () => Process): void {
  const { trial, leaver } = departure;
  trial.spawn(
    trial.installation.dom0,
    'fault',
    (function* (): Process {
      yield* when();
      leaver.domain.crash('the check wants it');
    })(),
  );
}

export const peerCrashes: ConformanceCheck = {
  name: 'peer-crashes',
  promise: 'a domain that crashes leaves the other alive; whether it learns of it is reported',
  run: (driver, setting): CheckOutcome => {
    const findings: Record<string, string> = {};
    const problem = forEachDeparture(driver, setting, (departure, name) => {
      const { trial, leaver } = departure;
      const { dom0 } = trial.installation;
      trial.allowToWait(departure.start(() => neverPassing(leaver)));
      departure.allowSurvivorToWait();
      crash(departure, () => departure.untilItWaits(dom0));
      const wrong = trial.run();
      findings[name] = reaction(departure);
      return wrong;
    });
    return { problem, findings };
  },
};

function reaction(departure: Departure): string {
  const { trial } = departure;
  const { ended, waitsFor } = departure.fate();
  const zombie = [...trial.installation.machine.allZombies()].length > 0 ? ', zombie' : '';
  if (ended === undefined) return `untold: waits for ${waitsFor ?? 'nothing'}${zombie}`;
  const told = `told: ${outcomeName(ended)}`;
  return `${told}${waitsFor === undefined ? '' : `, but waits for ${waitsFor}`}${zombie}`;
}

export const crashInTraffic: ConformanceCheck = {
  name: 'crash-in-traffic',
  promise: 'a domain that crashes amid its messages leaves no wrong one behind',
  run: (driver, setting): CheckOutcome => {
    const prng = new Prng(setting.seed);
    for (let round = 0; round < 3; round++) {
      const problem = forEachDeparture(driver, setting, (departure) => {
        const { trial, doing } = departure;
        const { dom0 } = trial.installation;
        const busy = departure.start(function* (end) {
          for (let index = 1, outcome = 0; outcome >= 0; index++) {
            compute(end.guest, 100_000);
            outcome =
              doing === 'read'
                ? yield* end.sendOrFail(index, MESSAGE_BYTES)
                : yield* end.receiveOrFail(index - 1, MESSAGE_BYTES);
          }
        });
        trial.allowToWait(busy);
        departure.allowSurvivorToWait();
        const amidPs = (1 + prng.below(20_000_000)) * trial.slowness;
        crash(departure, function* () {
          yield* departure.untilItWaits(dom0);
          yield* sleep(dom0, amidPs);
        });
        return trial.run();
      });
      if (problem !== undefined) return { problem };
    }
    return {};
  },
};
