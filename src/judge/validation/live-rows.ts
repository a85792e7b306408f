import type { Cell } from '../../results/types.js';
import { percentile, sortedAscending } from '../../stats/quantile.js';

/** Streams of messages from this size on are promised to agree so far. */
export const LIVE_TOLERANCE = 0.25;
export const LIVE_SMALLEST_BYTES = 4096;

/** Model and live, for one stream. */
export interface LiveRow {
  readonly transport: string;
  readonly messageSizeBytes: number;
  readonly ringSizeBytes: number;
  readonly modelBytesPerSecond: number;
  /** What the best tenth of the samples reached: other load on the machine only ever takes away. This is compared. */
  readonly liveBytesPerSecond: number;
  readonly medianBytesPerSecond: number;
  /** Of the model from live, as a part of live. */
  readonly difference: number;
  readonly isWithin: boolean;
  /** Where they differ by more: by how much a message, and what of that is known. */
  readonly reason: string | undefined;
}

/** What reasons are measured in. */
export interface HostCosts {
  /** One wake-up of a thread that sleeps. */
  readonly wakeUpNs: number;
  /** One cache line from one core to another. */
  readonly cacheLineNs: number;
  /** The software of one event, by transport. */
  readonly eventNs: Readonly<Record<string, number>>;
}

/** Compares throughput cell by cell. What differs is told as time a message, with what is known of it. */
export function liveRows(
  model: readonly Cell[],
  live: readonly Cell[],
  costs: HostCosts,
): readonly LiveRow[] {
  return live.flatMap((measured) => {
    const { transport, parameters } = measured;
    const same = model.find(
      (cell) =>
        cell.transport === transport &&
        cell.parameters['messageSizeBytes'] === parameters['messageSizeBytes'] &&
        cell.parameters['ringSizeBytes'] === parameters['ringSizeBytes'],
    );
    const modelled = same?.metrics['bytesPerSecond']?.value;
    const metric = measured.metrics['bytesPerSecond'];
    if (same === undefined || modelled === undefined || metric === undefined) return [];
    const best = percentile(sortedAscending(metric.samples ?? [metric.value]), 90);
    const difference = (modelled - best) / best;
    const isWithin = Math.abs(difference) <= LIVE_TOLERANCE;
    const bytes = Number(parameters['messageSizeBytes']);
    return [
      {
        transport,
        messageSizeBytes: bytes,
        ringSizeBytes: Number(parameters['ringSizeBytes']),
        modelBytesPerSecond: modelled,
        liveBytesPerSecond: best,
        medianBytesPerSecond: metric.value,
        difference,
        isWithin,
        reason: isWithin ? undefined : reasons(same, measured, best, costs).join('; '),
      },
    ];
  });
}

/** What is left of a difference, as a part of it, is not worth a word. */
const NEGLIGIBLE = 0.2;
/** Samples of which the median takes so much longer than the best tenth were disturbed. */
const DISTURBED = 1.5;

/** Why a row differs: measured amounts, in nanoseconds a message. */
function reasons(
  model: Cell,
  live: Cell,
  liveBytesPerSecond: number,
  costs: HostCosts,
): readonly string[] {
  const bytes = Number(live.parameters['messageSizeBytes']);
  const perMessage = (bytesPerSecond: number): number => (bytes / bytesPerSecond) * 1e9;
  const modelNs = perMessage(model.metrics['bytesPerSecond']?.value ?? 0);
  const liveNs = perMessage(liveBytesPerSecond);
  const missing = liveNs - modelNs;
  const parts = [
    `a message takes ${ns(liveNs)} live and ${ns(modelNs)} in the model, of which ${busiest(model)}`,
  ];
  if (missing < 0) {
    parts.push(`the model prices ${ns(-missing)} too much: what it names first`);
    return parts;
  }
  const sleeps = sleepsOfBest(live, liveBytesPerSecond);
  const asleepNs = sleeps * costs.wakeUpNs;
  if (asleepNs > 0) {
    parts.push(
      `${sleeps.toPrecision(2)} sleeps a message of ${ns(costs.wakeUpNs)} each, which the model has not: up to ${ns(asleepNs)}`,
    );
  }
  const events = eventsAMessage(live) - eventsAMessage(model);
  const eventNs = costs.eventNs[live.transport] ?? 0;
  const signalledNs = Math.max(0, events) * eventNs;
  if (signalledNs > 0) {
    parts.push(
      `${events.toPrecision(2)} events a message more than in the model, of ${ns(eventNs)} each: up to ${ns(signalledNs)}`,
    );
  }
  const left = missing - asleepNs - signalledNs;
  if (left <= NEGLIGIBLE * missing) return parts;
  const slowness = perMessage(live.metrics['bytesPerSecond']?.value ?? 0) / liveNs;
  if (slowness > DISTURBED) {
    const load = live.notes?.find((note) => note.startsWith('other load'));
    parts.push(
      `${ns(left)} more cannot be told from other load: the median round took ${slowness.toFixed(1)} times ` +
        `the best tenth${load === undefined ? '' : ` (${load})`}`,
    );
  } else {
    const lines = (left / costs.cacheLineNs).toPrecision(2);
    parts.push(
      `${ns(left)} more (as much as ${lines} cache lines), whose parts were not measured apart`,
    );
  }
  return parts;
}

/** Sleeps a message in the rounds that count: those as fast as the best tenth. */
function sleepsOfBest({ metrics }: Cell, bytesPerSecond: number): number {
  const rates = metrics['bytesPerSecond']?.samples ?? [];
  const sleeps = metrics['sleepsPerMessage'];
  const best = (sleeps?.samples ?? []).filter((_, i) => (rates[i] ?? 0) >= bytesPerSecond);
  return best.length > 0 ? best.reduce((sum, one) => sum + one, 0) / best.length : 0;
}

/** Events that the live domains were given, the mean of the rounds. */
function eventsAMessage({ counters, parameters }: Cell): number {
  return (counters?.['events']?.['delivered'] ?? 0) / Number(parameters['messages']);
}

/** The two largest causes on the CPU of the busiest domain. */
function busiest({ attributionNs }: Cell): string {
  const domains = Object.values(attributionNs ?? {});
  const work = (causes: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(causes).filter(([cause, spent]) => cause !== 'idle' && spent > 0);
  const total = (causes: Readonly<Record<string, number>>): number =>
    work(causes).reduce((sum, [, spent]) => sum + spent, 0);
  const most = [...domains].sort((a, b) => total(b) - total(a))[0] ?? {};
  const all = total(most);
  const named = work(most)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([cause, spent]) => `${Math.round((100 * spent) / all)} % ${cause}`);
  return named.length === 0 ? 'nothing is attributed' : named.join(' and ');
}

function ns(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ns` : `${(value / 1000).toFixed(1)} us`;
}
