import { InvariantViolation } from '../base/errors.js';
import { priceTable } from '../profiles/profile.js';
import type { Process } from '../sim/process.js';
import { liveFeatures } from '../testbed/live/live-round.js';
import type { LiveUpcalls } from '../testbed/live/live-upcalls.js';
import type {
  Channel,
  ConnectFailure,
  ConnectOutcome,
  Listener,
  TransportDriver,
} from '../transport/contract.js';
import type { Guest } from '../transport/guest.js';
import { Installation } from '../transport/installation.js';
import { ENTRY_HLT } from '../xen/causes.js';
import { SCHED_BLOCK } from '../xen/counters.js';
import { PAGE_SIZE } from '../xen/memory.js';
import type { Vcpu } from '../xen/vcpu.js';
import type { Fingerprint } from './control-protocol.js';
import type { SocketMachine } from './seat.js';
import type { TwofoldPlatform } from './two-worlds.js';

/** The numbers by which the listeners of connections are found begin here. */
const FIRST_TRANSPORT_PORT = 0x1000;
/** Memory of each domain's program through which all bytes go. */
const STAGING_BYTES = 65_536;
/** A connection needs its rings, in both directions and at both ends, and some pages beside. */
const SPARE_FRAMES = 64;

/** Both ends of a connection, as this thread's copy of the machine has them. */
export interface StandingConnection {
  readonly server: Channel;
  readonly client: Channel;
  readonly port: number;
}

/** Counts of what happened, by group and name. */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * One thread's copy of the machine. The control plane - everything that makes a connection or takes it down: xenstore,
 * grants, event channels, rings - is carried out by every thread in its own copy, in virtual time and in the same order,
 * so that all copies stay the same. What a connection's bytes go through is then shown in shared memory, by one thread.
 */
export class MachineCopy {
  readonly installation: Installation;
  /** Where the bytes of each domain's program lie. */
  private readonly stagingAddresses: readonly number[];
  /** Ports of connections that have been taken down. Their names stand in xenstore, where longer ones leave room for fewer. */
  private readonly freePorts: number[] = [];
  private nextPort = FIRST_TRANSPORT_PORT;

  constructor(
    private readonly machine: SocketMachine,
    private readonly driver: TransportDriver,
    readonly platform: TwofoldPlatform,
    private readonly domain: number,
  ) {
    const { profile, guestType } = machine;
    this.installation = new Installation({
      hardware: {
        features: liveFeatures(profile.features),
        prices: priceTable(profile),
        platform,
      },
      guests: [
        { name: 'left', type: guestType },
        { name: 'right', type: guestType },
      ],
      placement: 'own',
      limits: machine.limits,
      seed: 1,
    });
    driver.prepareDom0?.(this.installation.dom0);
    // Asked once, so that Xen has what the transport needs of it before the machine goes live.
    driver.heldResources?.(this.installation.machine);
    this.installation.machine.run();
    this.stagingAddresses = this.installation.guests.map((guest) =>
      guest.domain.allocate(STAGING_BYTES / PAGE_SIZE),
    );
    this.publish();
    this.goLive();
  }

  get guest(): Guest {
    return this.installation.guest(this.domain);
  }

  get vcpu(): Vcpu {
    return this.guest.vcpu;
  }

  get upcalls(): LiveUpcalls {
    return this.vcpu.upcalls as LiveUpcalls;
  }

  /** The staging memory of this thread's domain, as it lies in shared memory. */
  staging(): { readonly address: number; readonly bytes: Buffer } {
    const address = this.stagingAddresses[this.domain] as number;
    const { space } = this.guest.domain;
    const at = space.translate(address, true);
    for (let offset = 0; offset < STAGING_BYTES; offset += PAGE_SIZE) {
      if (space.translate(address + offset, true) !== at + offset) {
        throw new InvariantViolation('staging memory is not in one piece', { offset });
      }
    }
    const { buffer } = this.platform.area.frames;
    return { address, bytes: Buffer.from(buffer, at, STAGING_BYTES) };
  }

  /** Makes a connection. A limit that is met leaves nothing behind. @param server index of the domain that listens */
  open(server: number): StandingConnection | ConnectFailure {
    const frames = 2 * (this.machine.ringSizeBytes / PAGE_SIZE) * 2 + SPARE_FRAMES;
    if (this.platform.memory.room < frames) {
      return { failed: 'the memory of the machine is used up', limit: 'shared memory' };
    }
    const port = this.freePorts.pop() ?? this.nextPort++;
    const outcome = this.inPrivate(() => this.connect(port, server));
    if ('failed' in outcome) this.freePorts.push(port);
    return outcome;
  }

  private connect(port: number, server: number): StandingConnection | ConnectFailure {
    const { driver, installation, machine } = this;
    const [listening, connecting] = [installation.guest(server), installation.guest(1 - server)];
    const endpoint = {
      port,
      serverDomid: listening.domid,
      clientDomids: [connecting.domid],
      ringSizeBytes: machine.ringSizeBytes,
      grantMode: 'persistent' as const,
      options: machine.transportOptions,
    };
    const made: { listener?: Listener; accepted?: ConnectOutcome; connected?: ConnectOutcome } = {};
    listening.vcpu.spawn(
      'accept',
      (function* (): Process {
        const outcome = yield* driver.listen(listening, endpoint);
        if ('failed' in outcome) {
          made.accepted = outcome;
          return;
        }
        made.listener = outcome.listener;
        made.accepted = yield* outcome.listener.accept();
      })(),
    );
    installation.machine.run();
    // The server comes first, so that a limit is met before the other side has begun.
    const early: ConnectOutcome | undefined = made.accepted;
    if (early !== undefined) return failureOf(early);
    connecting.vcpu.spawn(
      'connect',
      (function* (): Process {
        made.connected = yield* driver.connect(connecting, endpoint);
      })(),
    );
    installation.machine.run();
    const { accepted, connected, listener } = made;
    if (isChannel(accepted) && isChannel(connected)) {
      return { server: accepted.channel, client: connected.channel, port };
    }
    if (listener !== undefined) listening.vcpu.spawn('close', listener.close());
    installation.machine.run();
    return failureOf(connected, accepted);
  }

  /** Takes a connection down: both ends have let go. */
  close(standing: StandingConnection, server: number): void {
    const { installation } = this;
    this.inPrivate(() => {
      // In V2V the side that listens waits for the other: both close at the same time.
      installation.guest(1 - server).vcpu.spawn('close', standing.client.close());
      installation.guest(server).vcpu.spawn('close', standing.server.close());
      installation.machine.run();
    });
    this.freePorts.push(standing.port);
  }

  /** What the machine holds: to be the same again when all connections are gone. */
  holdings(): Readonly<Record<string, number>> {
    const { installation, platform, driver } = this;
    const { machine, guests } = installation;
    const sum = (of: (guest: Guest) => number): number =>
      guests.reduce((total, guest) => total + of(guest), 0);
    return {
      'event channels': sum(({ domain }) => domain.eventChannels.count),
      'frames of memory': platform.memory.allocatedFrames,
      'processes of guests': sum(({ vcpu }) => vcpu.tasks.length),
      ...driver.heldResources?.(machine),
    };
  }

  counts(): Counts {
    return this.installation.machine.counters.snapshot();
  }

  /** This thread has nothing to do: its vCPU stops until an event comes. */
  idle(): void {
    const { vcpu } = this;
    if (vcpu.domain.type === 'pvh') vcpu.exit(ENTRY_HLT);
    else vcpu.enter(SCHED_BLOCK);
  }

  fingerprint(): Fingerprint {
    const { platform, installation } = this;
    return {
      frames: platform.memory.allocatedFrames,
      words: platform.words.length,
      ports: installation.guests.reduce((all, { domain }) => all + domain.eventChannels.count, 0),
    };
  }

  private inPrivate<T>(work: () => T): T {
    const { machine } = this.installation;
    const { vcpu, platform } = this;
    machine.executing = undefined;
    vcpu.state = 'blocked';
    platform.goPrivate();
    const result = work();
    for (const guest of [this.installation.dom0, ...this.installation.guests]) forgetEnded(guest);
    this.publish();
    this.goLive();
    return result;
  }

  /** One thread shows what all of them have made. */
  private publish(): void {
    const { platform } = this;
    const frames = platform.memory.takeFresh();
    const words = platform.words.takeFresh();
    if (this.domain === 0) platform.publish(frames, words);
  }

  private goLive(): void {
    this.platform.goLive();
    this.vcpu.state = 'running';
    this.installation.machine.executing = this.vcpu;
    this.upcalls.portsChanged();
  }
}

function isChannel(outcome: ConnectOutcome | undefined): outcome is { readonly channel: Channel } {
  return outcome !== undefined && 'channel' in outcome;
}

/** Why a connection failed: what the side says that has given up first. */
function failureOf(...outcomes: readonly (ConnectOutcome | undefined)[]): ConnectFailure {
  const failures = outcomes.filter((one) => one !== undefined && 'failed' in one);
  return (
    failures.find(({ byPeer }) => byPeer !== true) ??
    failures[0] ?? { failed: 'the connection was not made' }
  );
}

/** Processes that have ended; and those that wait for a connection which was given up. */
function forgetEnded({ vcpu }: Guest): void {
  const kept = vcpu.tasks.filter((task) => task.state !== 'done' && task.name !== 'accept');
  vcpu.tasks.length = 0;
  vcpu.tasks.push(...kept);
}
