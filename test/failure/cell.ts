import type { SettingValue } from '../../src/base/setting.js';
import { findProfile } from '../../src/profiles/index.js';
import type { Profile } from '../../src/profiles/profile.js';
import type { Cell } from '../../src/results/types.js';
import type { CellParameters, Scenario } from '../../src/scenario/contract.js';
import { runModelCell } from '../../src/testbed/model/model-testbed.js';
import type { TransportDriver } from '../../src/transport/contract.js';
import { transports } from '../../transports/index.js';

const profile = findProfile('skylake-2017') as Profile;

/** The transports that are compared. */
export const compared: readonly TransportDriver[] = transports.filter(
  ({ capabilities }) => capabilities.comparable,
);

export function transportNamed(name: string): TransportDriver {
  const found = transports.find((transport) => transport.name === name);
  if (found === undefined) throw new Error(`no transport "${name}"`);
  return found;
}

/** Carries out one cell of a scenario with its defaults, but for what is given. */
export function runCell(
  scenario: Scenario,
  transport: TransportDriver,
  settings: Readonly<Record<string, SettingValue>> = {},
  changed: Partial<Omit<CellParameters, 'settings'>> = {},
): Cell {
  const defaults = Object.entries(scenario.settings).map(([name, setting]) => [
    name,
    setting.default,
  ]);
  const rest = {
    ringSizeBytes: 4096,
    messageSizeBytes: 64,
    guestTypes: ['pvh', 'pvh'] as const,
    grantMode: 'persistent' as const,
    placement: 'own' as const,
    seed: 1,
    ...changed,
    settings: { ...Object.fromEntries(defaults), ...settings },
  };
  const parameters = { messages: scenario.messages(rest), ...rest };
  return runModelCell({ profile, scenario, transport, parameters, transportOptions: {} });
}

export function metric(cell: Cell, name: string): number | undefined {
  return cell.metrics[name]?.value;
}
