import { Bench } from 'tinybench';
import { summarise } from '../stats/summary.js';

/** One figure of the harness itself, sampled by the wall clock. */
export interface Series {
  readonly name: string;
  /** In the order in which they were taken, in the unit of the figure. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly interval: readonly [low: number, high: number] | undefined;
}

/** How a figure is sampled. */
export interface Sampling {
  readonly samples: number;
  /** Calls before the first sample, which the compiler needs. */
  readonly warmup: number;
}

/**
 * Samples a piece of work.
 * @param work does it once
 * @param figure makes the figure of one sample out of its milliseconds
 */
export function sample(
  name: string,
  { samples: iterations, warmup }: Sampling,
  work: () => void,
  figure: (milliseconds: number) => number,
): Series {
  // tinybench hands its samples back sorted; the order in which they came says whether the machine
  // was still warming up, so it is kept here.
  const taken: number[] = [];
  const bench = new Bench({
    time: 0,
    iterations,
    warmup: warmup > 0,
    warmupTime: 0,
    warmupIterations: warmup,
  });
  bench.add(
    name,
    () => {
      const start = performance.now();
      work();
      const overriddenDuration = performance.now() - start;
      taken.push(overriddenDuration);
      return { overriddenDuration };
    },
    { async: false },
  );
  bench.runSync();
  const { result } = bench.tasks[0] ?? {};
  if (result?.state === 'errored') throw result.error;
  const samples = taken.slice(-iterations).map(figure);
  const { median, interval } = summarise(samples);
  return { name, samples, median, interval };
}
