import { invariant } from '../base/errors.js';
import type { SettingValue } from '../base/setting.js';
import type { Profile } from '../profiles/profile.js';
import type { Cell } from '../results/types.js';
import type { CellParameters, Scenario } from '../scenario/contract.js';
import type { CellPlan } from '../testbed/contract.js';
import { runModelCell } from '../testbed/model/model-testbed.js';
import type { TransportDriver } from '../transport/contract.js';

/** What the harness is measured with. */
export interface Parts {
  readonly transports: readonly TransportDriver[];
  readonly scenarios: readonly Scenario[];
  readonly profile: Profile;
}

/** A cell of the model, for its speed and not for its figures. */
export interface BenchCell {
  readonly transport: string;
  readonly scenario: string;
  readonly parameters: Partial<CellParameters> & { readonly messages: number };
}

/** The plan of a cell; undefined where there is no such transport or scenario, or they do not go together. */
export function benchPlan(parts: Parts, cell: BenchCell): CellPlan | undefined {
  const transport = parts.transports.find(({ name }) => name === cell.transport);
  const scenario = parts.scenarios.find(({ name }) => name === cell.scenario);
  if (transport === undefined || scenario === undefined) return undefined;
  const defaults: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(scenario.settings)) defaults[name] = setting.default;
  const parameters: CellParameters = {
    ringSizeBytes: 65536,
    messageSizeBytes: 1024,
    guestTypes: ['pvh', 'pvh'],
    grantMode: 'persistent',
    placement: 'own',
    seed: 1,
    ...cell.parameters,
    settings: { ...defaults, ...cell.parameters.settings },
  };
  if (scenario.skipReason?.(transport, parameters) !== undefined) return undefined;
  return { profile: parts.profile, transport, scenario, parameters, transportOptions: {} };
}

/** Carries it out; a cell that is not sound measures nothing. */
export function runBenchCell(plan: CellPlan): Cell {
  const cell = runModelCell(plan);
  invariant(cell.verdict === 'valid', 'a cell of the benchmark is not valid', {
    id: cell.id,
    reason: cell.reason,
  });
  return cell;
}
