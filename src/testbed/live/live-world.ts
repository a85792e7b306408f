import type { CellParameters, Scenario } from '../../scenario/contract.js';
import { inLoop } from '../../scenario/flows.js';
import type { PairBehaviour } from '../../scenario/pair.js';
import { type Countdown, type Gate, World } from '../../scenario/world.js';
import { BLOCKED, type Process } from '../../sim/process.js';
import type { Channel, Endpoint, TransportDriver } from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import type { Installation } from '../../transport/installation.js';
import type { Task } from '../../xen/task.js';
import type { DomainThread } from './domain-thread.js';

/** The two ends of a connection that stands. */
export interface StandingPair {
  readonly server: Channel;
  readonly client: Channel;
}

/** A world in which two guests connect, and then wait: how a live machine is set up. */
export class ConnectingWorld extends World {
  private server: Channel | undefined;
  private client: Channel | undefined;

  /** The connection, once the machine has come to rest; undefined where there is none. */
  get pair(): StandingPair | undefined {
    const { server, client } = this;
    return server === undefined || client === undefined ? undefined : { server, client };
  }

  /** What the guests do: they keep their ends, and stop there. */
  get behaviour(): PairBehaviour {
    const world = this;
    return {
      *server(guest, channel) {
        world.server = channel;
        yield* restForEver(guest);
      },
      *client(guest, channel) {
        world.client = channel;
        yield* restForEver(guest);
      },
    };
  }
}

function* restForEver(guest: Guest): Process {
  (guest.vcpu.currentTask as Task).block('the start of its thread');
  yield BLOCKED;
}

/** One round of a scenario as one live thread sees it: it does its own guest's part. Time is the wall's. */
export class LiveWorld extends World {
  private own: Process | undefined;

  constructor(
    installation: Installation,
    driver: TransportDriver,
    scenario: Scenario,
    parameters: CellParameters,
    transportOptions: Endpoint['options'],
    private readonly thread: DomainThread,
    private readonly pair: StandingPair,
  ) {
    super(installation, driver, scenario, parameters, transportOptions);
  }

  override timePs(): number {
    return this.thread.platform.nowPs();
  }

  override gate(): Gate {
    return this.thread.platform.gate();
  }

  override countdown(from: number): Countdown {
    return this.thread.platform.countdown(from);
  }

  override carryOutPair(behaviour: PairBehaviour): void {
    const { guest } = this.thread;
    const part =
      this.thread.platform.thread === 0
        ? behaviour.server(guest, this.pair.server)
        : behaviour.client(guest, this.pair.client);
    this.own = inLoopOf(guest, part);
  }

  /** This thread's part, which the scenario has given; undefined where the scenario is not of two ends. */
  get part(): Process | undefined {
    return this.own;
  }
}

function* inLoopOf(guest: Guest, part: Process): Process {
  yield* inLoop(guest, part);
}
