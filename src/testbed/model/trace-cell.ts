import { UserError } from '../../base/errors.js';
import { repeats } from '../../base/repeats.js';
import { PS_PER_NS } from '../../base/units.js';
import { priceTable } from '../../profiles/profile.js';
import { Gate, type World } from '../../scenario/world.js';
import type { Process } from '../../sim/process.js';
import type { TraceKind } from '../../sim/trace.js';
import type { Guest } from '../../transport/guest.js';
import { ENTRY_REASONS } from '../../xen/causes.js';
import type { CellPlan } from '../contract.js';
import { buildWorld } from './build-world.js';

/** One thing that happened in the model. */
export interface ModelStep {
  /** Virtual nanoseconds since the window began. */
  readonly atNs: number;
  readonly domid: number;
  readonly kind: TraceKind;
  /** Name of the hypercall, reason of the entry, or what is asked of xenstored; empty for other kinds. */
  readonly what: string;
  /** As the trace has them: see the callers of Trace.add. */
  readonly a: number;
  readonly b: number;
}

export interface ModelTrace {
  readonly steps: readonly ModelStep[];
  readonly lengthNs: number;
  /** The domains that are there, by domid. */
  readonly domains: ReadonlyMap<number, TracedDomain>;
  /** Domids of those that run when the window begins. */
  readonly running: readonly number[];
  /** What the window is, in words: "one round trip". */
  readonly window: string;
}

export interface TracedDomain {
  readonly name: string;
  readonly pcpu: number;
}

interface RawStep {
  readonly kind: TraceKind;
  readonly timePs: number;
  readonly domid: number;
  readonly a: number;
  readonly b: number;
  readonly says: string;
}

/** Messages, or round trips, that go before the window: the first ones find cold caches. */
const WARM_UP = 16;
/** So many are looked at for a window in which no timer falls. */
const MESSAGES = 400;

/**
 * What the model does for one message: a round trip of ping-pong; in streams, what lies between two wake-ups of the
 * sender, or where it never waits, one message. A window without a timer is chosen where there is one.
 *
 * Throws UserError where the cell does not run, or nothing is sent.
 */
export function traceMessage(plan: CellPlan): ModelTrace {
  const messages = Math.max(MESSAGES, messagesOfTurns(plan));
  const parameters = { ...plan.parameters, messages };
  const recording = record({ ...plan, parameters }, () => plan.scenario.start);
  const { world, steps } = recording;
  const sender = world.guest(1).domid;
  const publishes = (step: RawStep): boolean => step.kind === 'publish' && step.domid === sender;
  if (plan.scenario.name === 'ping-pong') {
    const answered = (step: RawStep): boolean => step.kind === 'consume' && step.domid === sender;
    const trips = windows(steps, answered, 'behind').slice(WARM_UP);
    if (trips.length > 0) return traceOf(recording, quiet(trips), 'one round trip');
  }
  const turns = windows(steps, isFirstPublish(sender, steps), 'before').slice(1, -1);
  const short = turns.filter((turn) => linesOf(turn) <= MOST_LINES);
  if (short.length > 0) {
    return traceOf(recording, quiet(short), 'from one wake-up of the sender to the next');
  }
  const singles = windows(steps, publishes, 'before');
  const from = Math.floor(singles.length / 2);
  const some = singles.slice(from, from + MESSAGES_SHOWN).flat();
  if (some.length === 0) {
    throw new UserError('nothing was sent: there is no message to show', {
      where: `trace ${plan.scenario.name}`,
      remedy: 'show a connection (--what connect), or name another scenario',
    });
  }
  return traceOf(recording, some, `${Math.min(MESSAGES_SHOWN, singles.length)} messages`);
}

/** Messages that are shown of a sender that never waits. */
const MESSAGES_SHOWN = 8;
/** A longer diagram is no picture. */
const MOST_LINES = 120;
const LONGEST_PATTERN = 8;

/** The first window in which no timer falls, or the first at all. */
function quiet(all: readonly (readonly RawStep[])[]): readonly RawStep[] {
  const found = all.find((window) => !window.some(({ kind }) => kind === 'tick')) ?? all[0];
  return found as readonly RawStep[];
}

/** Lines that a diagram of it would have. */
function linesOf(window: readonly RawStep[]): number {
  const keys = window.map(({ kind, domid }) => `${kind} ${domid}`);
  return repeats(keys, LONGEST_PATTERN).reduce((sum, { length }) => sum + length, 0);
}

/** Enough messages that a sender which fills its ring waits often. */
function messagesOfTurns({ parameters }: CellPlan): number {
  const perTurn = Math.ceil(parameters.ringSizeBytes / Math.max(1, parameters.messageSizeBytes));
  return Math.min(200_000, 3 * WARM_UP * perTurn);
}

/** What the model does for one connection, from the client's call until it has a channel; the listener waits already. */
export function traceConnect(plan: CellPlan): ModelTrace {
  const span = { fromPs: -1, toPs: -1 };
  const recording = record(plan, () => (world: World) => startConnecting(world, span));
  if (span.toPs < 0) throw new UserError('the connection was never made');
  const window = recording.steps.filter(
    ({ timePs }) => timePs >= span.fromPs && timePs <= span.toPs,
  );
  return traceOf(recording, window, 'one connection', span.fromPs);
}

function startConnecting(world: World, span: { fromPs: number; toPs: number }): void {
  const server = world.guest(0);
  const client = world.guest(1);
  const endpoint = world.endpoint(1, server, [client]);
  const listening = new Gate();
  world.spawn(server, 'server', serve());
  world.spawn(client, 'client', connect());

  function* serve(): Process {
    const outcome = yield* world.driver.listen(server, endpoint);
    if (!('listener' in outcome)) return world.fail(`listen failed: ${outcome.failed}`);
    listening.open(server);
    const accepted = yield* outcome.listener.accept();
    if (!('channel' in accepted)) world.fail(`accept failed: ${accepted.failed}`);
  }

  function* connect(): Process {
    yield* listening.pass(client, SETTLE_PS);
    span.fromPs = timeOf(client);
    const outcome = yield* world.driver.connect(client, endpoint);
    if (!('channel' in outcome)) return world.fail(`connect failed: ${outcome.failed}`);
    span.toPs = timeOf(client);
  }
}

/** The listener has come to rest when the client begins. */
const SETTLE_PS = 2_000_000_000;
/** What runs longer than this virtual time is not what was meant. */
const LONGEST_PS = 600e12;

function timeOf(guest: Guest): number {
  return guest.vcpu.pcpu.clock;
}

interface Recording {
  readonly world: World;
  readonly steps: readonly RawStep[];
}

function record(plan: CellPlan, starting: () => (world: World) => void): Recording {
  const { profile } = plan;
  const world = buildWorld(
    { features: profile.features, prices: priceTable(profile) },
    plan.transport,
    plan.scenario,
    plan.parameters,
    plan.transportOptions,
  );
  const steps: RawStep[] = [];
  world.machine.trace.observer = {
    step: (kind, timePs, domid, a, b, says) => void steps.push({ kind, timePs, domid, a, b, says }),
  };
  starting()(world);
  world.machine.run({ timePs: LONGEST_PS });
  if (world.failure !== undefined) throw new UserError(world.failure);
  // A pCPU that runs ahead notes its steps before those of others that come first.
  steps.sort((x, y) => x.timePs - y.timePs);
  return { world, steps };
}

/** Whether a step is the first message that the sender publishes since it last waited. */
function isFirstPublish(domid: number, steps: readonly RawStep[]): (step: RawStep) => boolean {
  const first = new Set<RawStep>();
  let waited = false;
  for (const step of steps) {
    if (step.domid !== domid) continue;
    if (step.kind === 'block') waited = true;
    if (step.kind !== 'publish' || !waited) continue;
    first.add(step);
    waited = false;
  }
  return (step) => first.has(step);
}

/**
 * The parts into which steps of a kind cut a trace; what comes before the first and behind the last is left out.
 *
 * @param cut whether a border begins a part (`before` it) or ends one (`behind` it)
 */
function windows(
  steps: readonly RawStep[],
  isBorder: (step: RawStep) => boolean,
  cut: 'before' | 'behind',
): readonly (readonly RawStep[])[] {
  const found: RawStep[][] = [];
  let window: RawStep[] | undefined;
  for (const step of steps) {
    const border = isBorder(step);
    if (border && cut === 'before') {
      if (window !== undefined) found.push(window);
      window = [];
    }
    window?.push(step);
    if (border && cut === 'behind') {
      if (window !== undefined) found.push(window);
      window = [];
    }
  }
  return found;
}

/** Who runs at a step: whoever did something since it last slept, or lost its pCPU to another. */
function runningBefore(
  all: readonly RawStep[],
  first: RawStep | undefined,
  domains: ReadonlyMap<number, TracedDomain>,
): readonly number[] {
  const running = new Set<number>();
  for (const step of all) {
    if (step === first) break;
    if (step.kind === 'context-switch') {
      for (const domid of running) if (domains.get(domid)?.pcpu === step.a) running.delete(domid);
    }
    if (step.kind === 'block') running.delete(step.domid);
    else if (!PASSIVE.includes(step.kind)) running.add(step.domid);
  }
  return [...running];
}

/** What happens to a domain, and is nothing that it does. */
const PASSIVE: readonly TraceKind[] = ['wake', 'tick', 'virq', 'xenstore', 'domain', 'event-send'];

function traceOf(
  { world, steps: all }: Recording,
  steps: readonly RawStep[],
  window: string,
  fromPs = steps[0]?.timePs ?? 0,
): ModelTrace {
  const { hypercallNames } = world.machine.counters;
  const nameOf = ({ kind, a, says }: RawStep): string =>
    kind === 'hypercall'
      ? (hypercallNames[a] ?? '')
      : kind === 'entry'
        ? (ENTRY_REASONS[a] ?? '')
        : says;
  const domains = new Map(
    [world.dom0, ...world.guests].map(({ domid, domain, vcpu }) => [
      domid,
      { name: domain.name, pcpu: vcpu.pcpu.id },
    ]),
  );
  return {
    steps: steps.map((step) => ({
      atNs: (step.timePs - fromPs) / PS_PER_NS,
      domid: step.domid,
      kind: step.kind,
      what: nameOf(step),
      a: step.a,
      b: step.b,
    })),
    lengthNs: ((steps.at(-1)?.timePs ?? fromPs) - fromPs) / PS_PER_NS,
    domains,
    running: runningBefore(all, steps[0], domains),
    window,
  };
}
