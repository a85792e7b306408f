import type { Features } from '../../profiles/feature-list.js';
import { type Profile, priceTable } from '../../profiles/profile.js';
import type { CellParameters, Scenario } from '../../scenario/contract.js';
import { startPair } from '../../scenario/pair.js';
import type { Endpoint, TransportDriver } from '../../transport/contract.js';
import { Installation } from '../../transport/installation.js';
import { PAGE_SIZE } from '../../xen/memory.js';
import { meet } from './barrier.js';
import { DomainThread } from './domain-thread.js';
import type { LivePlatform } from './live-platform.js';
import type { RoundOrder } from './live-protocol.js';
import { ConnectingWorld, LiveWorld, type StandingPair } from './live-world.js';

/** What a live thread is to set up. */
export interface LivePlan {
  readonly profile: Profile;
  readonly transport: TransportDriver;
  readonly scenario: Scenario;
  readonly parameters: CellParameters;
  readonly transportOptions: Endpoint['options'];
}

/** What one thread says of one round. */
export interface RoundReport {
  /** Moments at which this thread started and stopped the clock; -1 where it did not. Picoseconds. */
  readonly fromPs: number;
  readonly toPs: number;
  readonly messages: number;
  readonly bytes: number;
  readonly latencyNs: Float64Array;
  /** Delays that were injected into this thread. */
  readonly injectedPs: number;
  readonly sleeps: number;
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly pagesExposedToPeer: number;
  readonly eventChannelsUsed: number;
}

/** What of the simulated hardware plays no part where the CPUs are real: time slices, ticks and deep sleep. */
export function liveFeatures(features: Features): Features {
  return {
    ...features,
    guestTickHz: 0,
    schedulerRatelimitUs: 0,
    schedulerTimesliceUs: 0,
    deepIdleAfterUs: 0,
  };
}

/** One end of a live cell: sets the machine up, connects, goes live; then carries out rounds. */
export class LiveEnd {
  readonly thread: DomainThread;
  readonly pair: StandingPair;
  private readonly eventChannelsUsed: number;

  constructor(
    private readonly plan: LivePlan,
    private readonly platform: LivePlatform,
  ) {
    const { profile, transport, scenario, parameters } = plan;
    const topology = scenario.topology(parameters);
    const installation = new Installation({
      hardware: {
        features: liveFeatures(profile.features),
        prices: priceTable(profile),
        platform,
      },
      guests: topology.guests,
      placement: 'own',
      limits: topology.limits,
      seed: parameters.seed,
    });
    transport.prepareDom0?.(installation.dom0);
    const world = new ConnectingWorld(
      installation,
      transport,
      scenario,
      parameters,
      plan.transportOptions,
    );
    startPair(world, world.behaviour);
    installation.machine.run();
    if (world.pair === undefined) {
      throw new Error(world.failure ?? `no connection: ${installation.whoWaits().join('; ')}`);
    }
    this.pair = world.pair;
    world.readPortsInUse();
    this.eventChannelsUsed = world.eventChannelsUsed;
    this.thread = new DomainThread(platform, installation);
  }

  /** Carries out the scenario once, together with the other end. */
  round({ messages, spinTurns, isThorough }: RoundOrder): RoundReport {
    const { plan, platform, thread, pair } = this;
    const { machine } = thread.installation;
    const world = new LiveWorld(
      thread.installation,
      plan.transport,
      plan.scenario,
      { ...plan.parameters, messages },
      plan.transportOptions,
      thread,
      pair,
    );
    thread.spinTurns = spinTurns;
    thread.sleeps = 0;
    thread.guest.checksAllBytes = isThorough;
    platform.injectedPs = 0;
    plan.scenario.start(world);
    if (world.part === undefined) throw new Error('the scenario is not one of two ends');
    const before = machine.counters.snapshot();
    meet(platform.area, platform.control);
    thread.run(platform.thread === 0 ? 'server' : 'client', world.part);
    // The other end may wait for ever for what did not come: whoever started this thread ends both.
    if (world.failure !== undefined) throw new Error(world.failure);
    meet(platform.area, platform.control);
    const after = machine.counters.snapshot();
    platform.forgetGates();
    const own = platform.thread === 0 ? pair.server : pair.client;
    const report: RoundReport = {
      ...world.clockSpan,
      messages: world.messagesDelivered,
      bytes: world.bytesDelivered,
      latencyNs: Float64Array.from(world.latencyNs),
      injectedPs: platform.injectedPs,
      sleeps: thread.sleeps,
      counters: difference(before, after),
      pagesExposedToPeer: own.pagesExposedToPeer(),
      eventChannelsUsed: this.eventChannelsUsed,
    };
    this.giveBuffersBack();
    return report;
  }

  /** The last page first: frames are given out again from the last one given back, and shall lie as they lay. */
  private giveBuffersBack(): void {
    const { domain, programBuffers } = this.thread.guest;
    for (const { address, pages } of programBuffers.reverse()) {
      for (let page = pages - 1; page >= 0; page--) domain.free(address + page * PAGE_SIZE, 1);
    }
    programBuffers.length = 0;
  }
}

type Groups = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How much each count has grown. */
export function difference(before: Groups, after: Groups): Groups {
  return Object.fromEntries(
    Object.entries(after).map(([group, counts]) => [
      group,
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [name, count - (before[group]?.[name] ?? 0)]),
      ),
    ]),
  );
}
