import { measureHarness } from '../../bench/harness.js';
import { DEFAULT_PROFILE_NAME, findProfile } from '../../profiles/index.js';
import type { MetricValue } from '../../results/types.js';
import { CATALOGUE } from '../catalogue.js';

/** The harness's own speed on this host, for the description of the run. */
export function harnessMetrics(): Readonly<Record<string, MetricValue>> | undefined {
  const profile = findProfile(DEFAULT_PROFILE_NAME);
  if (profile === undefined) return undefined;
  return measureHarness({ ...CATALOGUE, profile });
}
