import type { MoreSamples } from '../../judge/gate/judge-run.js';
import type { SampledPair } from '../../judge/gate/sampled-figure.js';
import { HARNESS } from '../../judge/gate/side.js';
import { describeHost, hostClass } from '../../results/provenance.js';
import type { MetricValue, RunDescription } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';
import { cellMeter } from './cell-meter.js';

/** Takes further samples of a pseudo-cell or of cells: their metrics by cell. Those that the signal cut short are missing. */
type Meter = (
  cells: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Readonly<Record<string, MetricValue>>>>;

/**
 * Takes further samples of the figures of a run, until the budget is used up: of the harness by measuring it, of cells by
 * carrying them out again. Tells the user what it does, and why it does nothing where they would not be of what the run
 * measured: on another host, or by another program.
 */
export function furtherSamples(
  run: RunDescription,
  invocation: Invocation,
  budgetMs: number,
): MoreSamples {
  const { terminal } = invocation;
  const reason = whyNot(run, budgetMs);
  const endMs = performance.now() + budgetMs;
  const meters: readonly [isMeant: (cell: string) => boolean, Meter][] = [
    [(cell) => cell === HARNESS, harnessMeter],
    [(cell) => cell !== HARNESS, cellMeter(run, invocation)],
  ];
  let isTold = false;
  return async (pairs) => {
    if (reason !== undefined) {
      terminal.note(`interdom: no further samples are taken: ${reason}`);
      return [];
    }
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) return [];
    if (!isTold) {
      const most = Math.ceil(leftMs / 1000);
      terminal.note(
        `interdom: taking further samples of ${pairs.length} undecided figures, for ${most} s at most`,
      );
      isTold = true;
    }
    const signal = AbortSignal.timeout(Math.ceil(leftMs));
    const taken = new Map<string, Readonly<Record<string, MetricValue>>>();
    for (const [isMeant, meter] of meters) {
      const cells = [...new Set(pairs.map(({ cell }) => cell))].filter(isMeant);
      if (cells.length === 0) continue;
      for (const [cell, metrics] of await meter(cells, signal)) taken.set(cell, metrics);
    }
    return pairs.map(({ cell, metric }: SampledPair) => taken.get(cell)?.[metric]?.samples ?? []);
  };
}

/** Why further samples would not be of what the run measured; undefined where they would. */
function whyNot(run: RunDescription, budgetMs: number): string | undefined {
  if (budgetMs === 0) return '--sample-budget is 0';
  const here = hostClass(describeHost(hostFacts()));
  if (here !== hostClass(run.host)) {
    return `the run is from ${hostClass(run.host)}, and this is ${here}`;
  }
  if (run.version !== packageVersion() || run.commit !== programCommit()) {
    return 'another program than this one measured the run';
  }
  return undefined;
}

const harnessMeter: Meter = async () => {
  const { harnessMetrics } = await import('../run/harness-metrics.js');
  return new Map([[HARNESS, harnessMetrics() ?? {}]]);
};
