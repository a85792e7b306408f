import { InvariantViolation } from '../base/errors.js';
import type { Process } from '../sim/process.js';
import { LatencyHistogram } from '../stats/latency-histogram.js';
import type { Endpoint, TransportDriver } from '../transport/contract.js';
import { Gate } from '../transport/gate.js';
import type { Guest } from '../transport/guest.js';
import type { Installation } from '../transport/installation.js';
import { GUEST_USER } from '../xen/causes.js';
import type { Machine } from '../xen/machine.js';
import type { Task } from '../xen/task.js';
import type { CellParameters, Scenario } from './contract.js';
import type { PairBehaviour } from './pair.js';

export { Gate };

/** How many of several have not yet finished. */
export interface Countdown {
  readonly left: number;
  /** One more has finished. Returns how many are left. */
  finish(): number;
}

type CounterSnapshot = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What was read off the machine at one moment. */
interface Reading {
  readonly timePs: number;
  readonly counters: CounterSnapshot;
  /** For each pCPU, picoseconds by cause. */
  readonly attribution: readonly Float64Array[];
}

/**
 * One cell while it runs: the machine, the guests, the transport, and what the scenario writes down.
 *
 * Two windows are kept apart. *Counting* (entries, flushes, where the time went) covers the whole work; the *clock*
 * (throughput) may start later, when the receiver is there.
 */
export class World {
  readonly machine: Machine;
  readonly dom0: Guest;
  readonly guests: readonly Guest[];
  /** Payloads handed over, and their bytes, inside the windows. */
  messagesDelivered = 0;
  bytesDelivered = 0;
  readonly latencies = new LatencyHistogram();
  /** Latencies in nanoseconds in the order in which they were measured. */
  readonly latencyNs: number[] = [];
  /** Metrics of the scenario's own, by name. */
  readonly values = new Map<string, number>();
  /** What the protocol did, for findings that are no numbers. */
  readonly outcome: Record<string, string | number | boolean> = {};
  pagesExposedToPeer = 0;
  eventChannelsUsed = 0;
  /** False where a fault may keep the work from ending, and that is no fault of the measurement. */
  expectsCompletion = true;
  private portsBefore: number;
  private portsAreRead = false;
  /** Whose event channels count. */
  private ends: readonly Guest[];
  private problem: string | undefined;
  private counting: Reading | undefined;
  private counted: Reading | undefined;
  private clockFromPs = -1;
  private clockToPs = -1;

  constructor(
    readonly installation: Installation,
    readonly driver: TransportDriver,
    readonly scenario: Scenario,
    readonly parameters: CellParameters,
    /** Settings of the transport alone. */
    readonly transportOptions: Endpoint['options'],
  ) {
    this.machine = installation.machine;
    this.dom0 = installation.dom0;
    this.guests = installation.guests;
    this.ends = this.guests;
    this.portsBefore = this.portsInUse();
  }

  get trace(): Machine['trace'] {
    return this.machine.trace;
  }

  guest(index: number): Guest {
    const guest = this.guests[index];
    if (guest === undefined) throw new InvariantViolation('no such guest', { index });
    return guest;
  }

  /** Where a server and its clients meet. */
  endpoint(port: number, server: Guest, clients: readonly Guest[]): Endpoint {
    return {
      port,
      serverDomid: server.domid,
      clientDomids: clients.map((client) => client.domid),
      ringSizeBytes: this.parameters.ringSizeBytes,
      grantMode: this.parameters.grantMode,
      options: this.transportOptions,
    };
  }

  /** Carries out what the ends of a connection do, where the connection stands already (testbed live). */
  carryOutPair?(behaviour: PairBehaviour): void;

  /** A gate between processes of several guests. */
  gate(): Gate {
    return new Gate();
  }

  countdown(from: number): Countdown {
    let left = from;
    return {
      get left() {
        return left;
      },
      finish: () => --left,
    };
  }

  /** dom0 is itself an end: its event channels count from now on. To be said before anything has started. */
  includeDom0(): void {
    this.ends = [this.dom0, ...this.guests];
    this.portsBefore = this.portsInUse();
  }

  /** Starts a process in a guest. */
  spawn(guest: Guest, name: string, process: Process<unknown>): Task {
    return guest.vcpu.spawn(name, process);
  }

  /** Virtual time as a guest sees it now. */
  timePs(guest: Guest): number {
    return guest.vcpu.pcpu.clock;
  }

  /** From here on it counts. */
  startCounting(guest: Guest): void {
    if (this.counting === undefined) this.counting = this.read(guest);
  }

  /** The clock starts; counting too, if it has not. */
  startClock(guest: Guest): void {
    this.startCounting(guest);
    this.clockFromPs = this.timePs(guest);
    this.readClock(guest);
  }

  /** The work is done: clock and counting stop. */
  stop(guest: Guest): void {
    this.readClock(guest);
    this.clockToPs = this.timePs(guest);
    this.counted = this.read(guest);
    if (!this.portsAreRead) this.readPortsInUse();
  }

  /** Notes how many event channels the connections take at this moment, and not when the work is done. */
  readPortsInUse(): void {
    this.portsAreRead = true;
    this.eventChannelsUsed = this.portsInUse() - this.portsBefore;
  }

  get elapsedPs(): number {
    return this.clockFromPs < 0 || this.clockToPs < 0 ? -1 : this.clockToPs - this.clockFromPs;
  }

  /** Moments at which the clock was started and stopped; -1 where it was not. */
  get clockSpan(): { readonly fromPs: number; readonly toPs: number } {
    return { fromPs: this.clockFromPs, toPs: this.clockToPs };
  }

  get finished(): boolean {
    return this.counted !== undefined;
  }

  /** The program that is timed reads the clock: part of what it measures. */
  private readClock(guest: Guest): void {
    guest.vcpu.pcpu.charge(GUEST_USER, this.machine.prices.clockRead);
  }

  /** One latency, in picoseconds. */
  latency(ps: number): void {
    const ns = Math.round(ps / 1000);
    this.latencies.record(ns);
    this.latencyNs.push(ps / 1000);
  }

  /** Something is wrong with the measurement: the first such word counts. */
  fail(problem: string): void {
    this.problem ??= problem;
  }

  get failure(): string | undefined {
    return this.problem;
  }

  /** Counts inside the counting window, by group and name. */
  countsInWindow(): Record<string, Record<string, number>> {
    const from = this.counting;
    const to = this.counted;
    if (from === undefined || to === undefined) return {};
    const groups: Record<string, Record<string, number>> = {};
    for (const [group, counts] of Object.entries(to.counters)) {
      const difference: Record<string, number> = {};
      for (const [name, count] of Object.entries(counts)) {
        difference[name] = count - (from.counters[group]?.[name] ?? 0);
      }
      groups[group] = difference;
    }
    return groups;
  }

  /** Picoseconds by cause inside the counting window, for each pCPU. */
  attributionInWindow(): Float64Array[] {
    const from = this.counting;
    const to = this.counted;
    if (from === undefined || to === undefined) return [];
    return to.attribution.map((causes, pcpu) =>
      causes.map((ps, cause) => ps - (from.attribution[pcpu]?.[cause] ?? 0)),
    );
  }

  /** Event channels of the guests now, less those with which they were created. */
  private portsInUse(): number {
    return this.ends.reduce((ports, guest) => ports + guest.domain.eventChannels.count, 0);
  }

  private read(guest: Guest): Reading {
    const { machine } = this;
    return {
      timePs: this.timePs(guest),
      counters: machine.counters.snapshot(),
      attribution: machine.pcpus.map((pcpu) => Float64Array.from(pcpu.attribution)),
    };
  }
}
