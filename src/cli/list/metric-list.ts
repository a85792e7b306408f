import type { MetricDeclaration } from '../../scenario/contract.js';
import { LIVE_METRICS } from '../../testbed/live/metric-names.js';
import { COMMON_METRICS } from '../../testbed/model/metrics.js';
import { XEN_METRICS } from '../../testbed/xen/metrics.js';
import { CATALOGUE } from '../catalogue.js';
import type { Listing } from './list-things.js';

/** A metric, and which scenarios have it. */
interface ListedMetric extends MetricDeclaration {
  /** Empty: any may have it. */
  readonly scenarios: readonly string[];
}

export function listMetrics(): Listing {
  const items = allMetrics();
  return {
    items,
    header: ['metric', 'unit', 'better', 'scenarios', 'meaning'],
    rows: items.map(({ name, unit, better, scenarios, meaning }) => [
      name,
      unit,
      better,
      scenarios.length === 0 ? 'all' : scenarios.join(', '),
      meaning,
    ]),
  };
}

/** The metrics that every cell may have, then the scenarios' own. */
export function allMetrics(): readonly ListedMetric[] {
  const found = new Map<string, ListedMetric>();
  for (const [name, common] of Object.entries(COMMON_METRICS)) {
    found.set(name, { name, ...common, scenarios: [] });
  }
  for (const metric of XEN_METRICS) found.set(metric.name, { ...metric, scenarios: [] });
  for (const [name, live] of Object.entries(LIVE_METRICS)) {
    found.set(name, { name, ...live, scenarios: [] });
  }
  for (const scenario of CATALOGUE.scenarios) {
    for (const metric of scenario.metrics) {
      const known = found.get(metric.name);
      if (known === undefined) found.set(metric.name, { ...metric, scenarios: [scenario.name] });
      else if (known.scenarios.length > 0) {
        found.set(metric.name, { ...known, scenarios: [...known.scenarios, scenario.name] });
      }
    }
  }
  return [...found.values()];
}
