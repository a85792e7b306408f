import { PS_PER_US } from '../../base/units.js';
import type { Process } from '../../sim/process.js';
import type { Endpoint } from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import type { Task } from '../../xen/task.js';
import { inLoop } from '../flows.js';
import type { World } from '../world.js';
import { FaultInjector } from './fault-injector.js';
import type { FaultPlan } from './fault-plan.js';
import { History } from './history.js';
import { type Holdings, readHoldings } from './holdings.js';
import { type Finding, worstFinding } from './outcome.js';
import { Party } from './party.js';
import { ZombieWatch } from './zombie-watch.js';

/** How often the director looks for what it waits for: after so long at first, then twice as long, at most so long. */
const FIRST_LOOK_PS = PS_PER_US * 100;
const LONGEST_LOOK_PS = PS_PER_US * 20_000;
/** Services of dom0 need so long to tidy up, and more. */
const SETTLE_PS = PS_PER_US * 100_000;
const REHEARSAL_PORT = 99;

/**
 * What a scenario with faults has beside the world: the plan, the history, the parties, and a director. The director is
 * a process of dom0 that says what happens next and when it is over; whoever then still waits, waits for ever.
 */
export class Stage {
  readonly history = new History();
  readonly injector: FaultInjector;
  readonly zombies: ZombieWatch;
  readonly parties: Party[] = [];
  before: Holdings;
  after: Holdings | undefined;
  isOver = false;
  private readonly findings: Finding[] = [];

  constructor(
    readonly world: World,
    plan: FaultPlan,
  ) {
    const { installation, driver } = world;
    this.injector = new FaultInjector(installation, driver, plan);
    this.zombies = ZombieWatch.of(installation.machine);
    this.before = readHoldings(installation, driver);
    STAGES.set(world, this);
  }

  /** The stage of a world whose run is over. */
  static of(world: World): Stage | undefined {
    return STAGES.get(world);
  }

  /** Starts the director. When it has ended, the cell has. */
  direct(script: Process): void {
    const { world } = this;
    const { dom0, machine } = world;
    world.spawn(dom0, 'director', inDom0(this));
    function* inDom0(stage: Stage): Process {
      world.startClock(dom0);
      yield* script;
      stage.isOver = true;
      world.stop(dom0);
      stage.zombies.stop();
      machine.finish();
    }
  }

  /** Both ends of a connection, which is opened by `start` of each. */
  pair(connection: string, server: Guest, client: Guest): { server: Party; client: Party } {
    return {
      server: this.party(server, 'server', connection),
      client: this.party(client, 'client', connection),
    };
  }

  party(guest: Guest, role: 'server' | 'client', connection: string): Party {
    const party = new Party(this, guest, role, connection);
    this.parties.push(party);
    return party;
  }

  /** Starts a party's program: it connects and does its work. */
  start(party: Party, endpoint: Endpoint, work: (party: Party) => Process): Task {
    return this.world.spawn(
      party.guest,
      party.name,
      (function* () {
        if (yield* party.open(endpoint)) yield* inLoop(party.guest, work(party));
      })(),
    );
  }

  /** The director waits. */
  *sleep(ps: number): Process {
    yield* this.world.dom0.vcpu.kernel.sleepUntil(this.now + ps);
  }

  /**
   * The director waits until something is so. It looks often at first, then less and less. Returns whether it came to be
   * in time.
   */
  *until(isSo: () => boolean, longestPs: number): Process<boolean> {
    const endPs = this.now + longestPs;
    let periodPs = FIRST_LOOK_PS;
    while (!isSo()) {
      if (this.now >= endPs) return false;
      yield* this.sleep(Math.min(periodPs, endPs - this.now + 1));
      periodPs = Math.min(2 * periodPs, LONGEST_LOOK_PS);
    }
    return true;
  }

  /** Says that a point of the scenario is reached, for which faults may wait. Returns the moment. */
  mark(name: string): number {
    const { now } = this;
    this.injector.mark(name, now);
    return now;
  }

  /** The director's clock. */
  get now(): number {
    return this.world.dom0.vcpu.pcpu.clock;
  }

  /** Starts a process in a living domain and waits until it has ended. Returns whether it did, in time. */
  *have(
    guest: Guest,
    name: string,
    process: Process<unknown>,
    longestPs: number,
  ): Process<boolean> {
    if (!guest.domain.isAlive) return false;
    const task = this.world.spawn(guest, name, process);
    return yield* this.until(() => task.state === 'done', longestPs);
  }

  /**
   * A connection is opened and closed first, so that what is made once and kept (a driver's interrupt, a parent node) is
   * there before what is held is read. Returns whether that went well.
   */
  *rehearse(server: Guest, client: Guest): Process<boolean> {
    const { world } = this;
    const endpoint = world.endpoint(REHEARSAL_PORT, server, [client]);
    const both = [new Party(this, server, 'server', '0'), new Party(this, client, 'client', '0')];
    for (const party of both) this.start(party, endpoint, () => party.close());
    const done = yield* this.until(
      () => both.every(({ closedPs }) => closedPs !== undefined),
      PS_PER_US * 60_000_000,
    );
    if (!done) world.fail('the connection before the fault did not open and close');
    yield* this.sleep(SETTLE_PS);
    this.before = readHoldings(world.installation, world.driver);
    return done;
  }

  /** Something that was found: the worst of all is the cell's. */
  find(finding: Finding): void {
    this.findings.push(finding);
    this.world.outcome['finding'] = worstFinding(this.findings);
  }

  /** A detail of the outcome. */
  tell(name: string, value: string | number | boolean): void {
    this.world.outcome[name] = value;
  }

  /** Reads what is held: at the end, when everybody has let go and services of dom0 have tidied up. */
  *readHoldings(): Process<Holdings> {
    yield* this.sleep(SETTLE_PS);
    this.after = readHoldings(this.world.installation, this.world.driver);
    return this.after;
  }
}

const STAGES = new WeakMap<World, Stage>();
