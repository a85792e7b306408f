import type { MoreSamples } from '../../judge/gate/judge-run.js';
import { HARNESS } from '../../judge/gate/side.js';
import { describeHost, hostClass } from '../../results/provenance.js';
import type { RunDescription } from '../../results/types.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';

/**
 * Takes further samples of the harness's own speed, until the budget is used up. Undefined where
 * they would not be of what the run measured: another host, or another program.
 */
export function harnessSampler(run: RunDescription, budgetMs: number): MoreSamples | undefined {
  const here = hostClass(describeHost(hostFacts()));
  const sameProgram = run.version === packageVersion() && run.commit === programCommit();
  if (here !== hostClass(run.host) || !sameProgram) return undefined;
  const endMs = performance.now() + budgetMs;
  const waiting = new Map<string, readonly number[]>();
  return async ({ cell, metric }) => {
    if (cell !== HARNESS) return undefined;
    const kept = waiting.get(metric);
    waiting.delete(metric);
    if (kept !== undefined) return kept;
    if (performance.now() >= endMs) return undefined;
    const { harnessMetrics } = await import('../run/harness-metrics.js');
    for (const [name, value] of Object.entries(harnessMetrics() ?? {})) {
      waiting.set(name, value.samples ?? []);
    }
    const own = waiting.get(metric);
    waiting.delete(metric);
    return own;
  };
}
