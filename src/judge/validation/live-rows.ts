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

/**
 * Compares throughput cell by cell. What differs is told as time a message: what the sleeping threads of live explain, and
 * what is left for the software of the live path itself, which has no price in the model.
 *
 * @param wakeUpNs one wake-up of a thread on this host
 */
export function liveRows(
  model: readonly Cell[],
  live: readonly Cell[],
  wakeUpNs: number,
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
    if (modelled === undefined || metric === undefined) return [];
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
        reason: isWithin ? undefined : reason(measured, bytes, modelled, best, wakeUpNs),
      },
    ];
  });
}

function reason(
  { metrics, notes }: Cell,
  bytes: number,
  modelled: number,
  measured: number,
  wakeUpNs: number,
): string {
  const modelNs = (bytes / modelled) * 1e9;
  const liveNs = (bytes / measured) * 1e9;
  const ns = (value: number): string => `${value.toPrecision(3)} ns`;
  if (liveNs < modelNs) {
    return `the model takes ${ns(modelNs - liveNs)} more a message: it prices something too high`;
  }
  const sleeps = metrics['sleepsPerMessage']?.value ?? 0;
  const asleep = Math.min(sleeps * wakeUpNs, liveNs - modelNs);
  const rest = liveNs - modelNs - asleep;
  const parts = [`live takes ${ns(liveNs - modelNs)} more a message`];
  if (asleep > 0) parts.push(`up to ${ns(asleep)} of it are ${sleeps.toPrecision(2)} sleeps`);
  parts.push(
    `${ns(rest)} are the software of the live path, which has no price, and waiting for a CPU`,
  );
  const loaded = notes?.find((note) => note.startsWith('other load'));
  if (loaded !== undefined) parts.push(loaded);
  return parts.join('; ');
}
