import type { ParameterValue } from '../../results/types.js';
import { compareText, dimensionWord } from './labels.js';
import { formatParameter } from './quantity.js';
import { REPLICATE_KEYS } from './replicates.js';
import type { ReportCell } from './report-data.js';
import { transportOrder } from './series-style.js';

/** One word a transport for each thing that was made to go wrong. */
export interface FindingsTable {
  readonly transports: readonly string[];
  readonly rows: readonly {
    readonly work: string;
    /** In the order of the transports; how often each, where repetitions differ; empty where there is no such cell. */
    readonly findings: readonly string[];
  }[];
}

/**
 * What became of each cell in which something broke: `outcome.finding`, transports side by side. Parameters that do not
 * vary within a scenario are left out; seeds and draws of the prices repeat a case. Undefined where nothing broke.
 */
export function findingsTable(cells: readonly ReportCell[]): FindingsTable | undefined {
  const broken = cells.filter(({ outcome }) => outcome?.['finding'] !== undefined);
  if (broken.length === 0) return undefined;
  const transports = [...new Set(broken.map(({ transport }) => transport))].sort(transportOrder);
  const varying = varyingParameters(broken);
  const rows = new Map<string, string[][]>();
  for (const cell of broken) {
    const settings = (varying.get(cell.scenario) ?? []).map(
      (name) =>
        `${dimensionWord(name)} ${formatParameter(name, cell.parameters[name] as ParameterValue)}`,
    );
    const work = [cell.scenario, ...settings].join(', ');
    const findings = rows.get(work) ?? transports.map((): string[] => []);
    findings[transports.indexOf(cell.transport)]?.push(String(cell.outcome?.['finding']));
    rows.set(work, findings);
  }
  return {
    transports,
    rows: [...rows].map(([work, findings]) => ({ work, findings: findings.map(counted) })),
  };
}

/** "zombie"; "delivered 38, stalled 2" where they differ. */
function counted(findings: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const one of findings) counts.set(one, (counts.get(one) ?? 0) + 1);
  if (counts.size < 2) return findings[0] ?? '';
  return [...counts].map(([finding, count]) => `${finding} ${count}`).join(', ');
}

/** By scenario, the parameters in which its cells differ. */
function varyingParameters(cells: readonly ReportCell[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, Map<string, Set<ParameterValue>>>();
  for (const { scenario, parameters } of cells) {
    const seen = values.get(scenario) ?? new Map<string, Set<ParameterValue>>();
    values.set(scenario, seen);
    for (const [name, value] of Object.entries(parameters)) {
      if (REPLICATE_KEYS.includes(name)) continue;
      seen.set(name, (seen.get(name) ?? new Set()).add(value));
    }
  }
  return new Map(
    [...values].map(([scenario, seen]) => [
      scenario,
      [...seen].flatMap(([name, all]) => (all.size > 1 ? [name] : [])).sort(compareText),
    ]),
  );
}
