import type { MetricValue } from '../../results/types.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import { methodOf } from './compare-figure.js';
import type { Side } from './side.js';

/** How much a figure differs between runs between which nothing has changed. */
export interface NoiseOfFigure {
  readonly cell: string;
  readonly metric: string;
  readonly runs: number;
  /** Largest ratio of the medians of any two of the runs, less 1. */
  readonly floor: number;
  /** Median of each run, in the order of the runs. */
  readonly medians: readonly number[];
  readonly unit: string;
}

/** What runs of one and the same program show of themselves. */
export interface Noise {
  readonly figures: readonly NoiseOfFigure[];
  /** Figures that cannot vary and did: the program is not deterministic. */
  readonly unstable: readonly string[];
}

/**
 * The noise of sampled figures from runs between which nothing has changed (an A/A run): the
 * largest difference that any two of them show. So the more runs, the surer the floor.
 * @param runs two at least
 */
export function noiseOf(runs: readonly Side[]): Noise {
  const figures: NoiseOfFigure[] = [];
  const unstable: string[] = [];
  const [first, ...others] = runs;
  for (const cell of first?.cells.values() ?? []) {
    if (cell.verdict !== 'valid') continue;
    for (const [metric, value] of Object.entries(cell.metrics)) {
      const all = [value];
      for (const run of others) {
        const same = run.cells.get(cell.id)?.metrics[metric];
        if (same !== undefined) all.push(same);
      }
      if (methodOf(value) === 'exact') {
        if (all.some((one) => one.value !== value.value)) unstable.push(`${cell.id}:${metric}`);
      } else if (all.length > 1) figures.push(figureNoise(cell.id, metric, all));
    }
  }
  return { figures, unstable };
}

function figureNoise(cell: string, metric: string, values: readonly MetricValue[]): NoiseOfFigure {
  const medians = values.map(({ value, samples }) =>
    samples === undefined || samples.length === 0 ? value : median(sortedAscending(samples)),
  );
  const low = Math.min(...medians);
  const high = Math.max(...medians);
  const floor = low > 0 ? high / low - 1 : 0;
  const unit = values[0]?.unit ?? '1';
  return { cell, metric, runs: values.length, floor, medians, unit };
}
