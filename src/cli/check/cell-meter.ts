import type { MetricValue, RunDescription } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { carryOutJob } from '../run/carry-out-job.js';
import { chosen, type PlannedAgain, plannedAgain } from '../run/planned-again.js';
import { type ReadyTestbed, readyTestbed } from '../run/ready-testbed.js';

/**
 * Carries out cells of a run once more, as it carried them out, one at a time: their metrics, of those that were done before
 * the signal came and are sound. The first call makes the testbed ready.
 */
export function cellMeter(run: RunDescription, { options, terminal }: Invocation) {
  let begun: Promise<PlannedAgain & { readonly ready: ReadyTestbed | undefined }> | undefined;
  const begin = async (signal: AbortSignal) => {
    const again = await plannedAgain(run, 'further samples');
    const { request, catalogue } = again;
    const profiles = chosen(request, catalogue);
    const place = { options, environment: terminal.environment, jobs: 1, profiles };
    const onProgress = (): void => {};
    return { ...again, ready: await readyTestbed(request, place, { signal, onProgress }) };
  };
  return async (
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Readonly<Record<string, MetricValue>>>> => {
    const taken = new Map<string, Readonly<Record<string, MetricValue>>>();
    if (run.options === undefined) {
      terminal.note('interdom: no further samples of cells: the run does not say how to plan them');
      return taken;
    }
    begun ??= begin(signal);
    const { request, catalogue, plan, ready } = await begun;
    const todo = plan.filter(({ id }) => ids.includes(id));
    const manner = { jobs: 1, inOrder: true };
    const job = { request, catalogue, todo, batches: ready?.testbed };
    await carryOutJob(job, manner, {
      signal,
      onProgress: (text) => terminal.note(`interdom: ${text}`),
      onCell: ({ id, verdict, metrics }) => {
        if (verdict === 'valid') taken.set(id, metrics);
      },
    });
    return taken;
  };
}
