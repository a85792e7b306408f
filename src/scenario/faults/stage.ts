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

/**
 * What a scenario with faults has beside the world: the plan, the history, the parties, and a director. The director is
 * a process of dom0 that says what happens next and when it is over; whoever then still waits, waits for ever.
 */
export class Stage {
  readonly history = new History();
  readonly injector: FaultInjector;
  readonly zombies: ZombieWatch;
  readonly parties: Party[] = [];
  readonly before: Holdings;
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

  /** The director waits until something is so, looking every so often. Returns whether it came to be in time. */
  *until(isSo: () => boolean, longestPs: number, periodPs = 1e9): Process<boolean> {
    const endPs = this.now + longestPs;
    while (!isSo()) {
      if (this.now >= endPs) return false;
      yield* this.sleep(Math.min(periodPs, endPs - this.now + 1));
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
  *have(guest: Guest, name: string, process: Process, longestPs: number): Process<boolean> {
    if (!guest.domain.isAlive) return false;
    const task = this.world.spawn(guest, name, process);
    return yield* this.until(() => task.state === 'done', longestPs);
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

  /** Reads what is held: at the end, when everybody has let go of everything. */
  readHoldings(): Holdings {
    this.after = readHoldings(this.world.installation, this.world.driver);
    return this.after;
  }
}

const STAGES = new WeakMap<World, Stage>();
