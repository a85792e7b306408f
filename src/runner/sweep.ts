import { UserError } from '../base/errors.js';
import type { SettingValue } from '../base/setting.js';
import type { CellParameters, Placement, Scenario, Sweep } from '../scenario/contract.js';
import type { PlanningRules } from '../testbed/contract.js';
import type { GrantMode } from '../transport/contract.js';
import type { RunRequest } from './request.js';
import type { SettingLists } from './settings.js';

/** Values of parameters that neither the user nor the suite gives. */
const DEFAULTS = {
  ringSizeBytes: [65536],
  messageSizeBytes: [4096],
  guestType: ['pvh'],
  grantMode: ['persistent'],
  placement: ['own'],
} as const satisfies Sweep;

/** A sweep with nothing left open but the scenario's own settings. */
type FilledSweep = Required<Omit<Sweep, 'settings'>> & Pick<Sweep, 'settings'>;

/** The sweeps of a suite, on a testbed with these rules; undefined where the scenario takes no part in it. */
export function sweepsOf(
  scenario: Scenario,
  suite: string,
  rules: PlanningRules = {},
): readonly Sweep[] | undefined {
  const own = scenario.sweeps as Readonly<Record<string, readonly Sweep[] | undefined>>;
  const sweeps = rules.sweeps === undefined ? own[suite] : rules.sweeps(scenario, suite);
  return sweeps === undefined || sweeps.length === 0 ? undefined : sweeps;
}

/** Names of all suites that some scenario has. */
export function suiteNames(scenarios: readonly Scenario[]): readonly string[] {
  return [...new Set(scenarios.flatMap((scenario) => Object.keys(scenario.sweeps)))].filter(
    (suite) => scenarios.some((scenario) => sweepsOf(scenario, suite) !== undefined),
  );
}

/**
 * The parameters of one scenario in the order of its sweeps: what the user gives replaces the list
 * of the suite. Sweeps may overlap: the same parameters can come twice.
 */
export function* parametersOf(
  scenario: Scenario,
  sweeps: readonly Sweep[],
  request: RunRequest,
  given: SettingLists,
  defaults: Sweep = {},
): Generator<CellParameters> {
  for (const own of sweeps) {
    const sweep: FilledSweep = { ...DEFAULTS, ...defaults, ...own };
    const settings = settingCombinations(scenario, sweep, given);
    for (const guestType of request.guestType ?? sweep.guestType) {
      const guestTypes = parseGuestTypes(guestType);
      for (const grantMode of request.grantMode ?? sweep.grantMode) {
        for (const placement of request.placement ?? sweep.placement) {
          for (const chosen of settings) {
            const rest = { guestTypes, grantMode, placement, settings: chosen };
            yield* sized(scenario, sweep, request, rest);
          }
        }
      }
    }
  }
}

interface Unsized {
  readonly guestTypes: CellParameters['guestTypes'];
  readonly grantMode: GrantMode;
  readonly placement: Placement;
  readonly settings: Readonly<Record<string, SettingValue>>;
}

function* sized(
  scenario: Scenario,
  sweep: FilledSweep,
  request: RunRequest,
  rest: Unsized,
): Generator<CellParameters> {
  const rings = request.ringSizeBytes ?? sweep.ringSizeBytes;
  const writes = request.messageSizeBytes ?? sweep.messageSizeBytes;
  for (const ringSizeBytes of rings) {
    for (const messageSizeBytes of writes) {
      for (let seed = request.seed; seed < request.seed + request.seeds; seed++) {
        const parameters = { ringSizeBytes, messageSizeBytes, ...rest, seed };
        const messages = request.messages ?? scenario.messages(parameters);
        yield { ...parameters, messages };
      }
    }
  }
}

/** Every combination of the scenario's own settings; what nobody gives has its default. */
function settingCombinations(
  scenario: Scenario,
  sweep: Sweep,
  given: SettingLists,
): readonly Readonly<Record<string, SettingValue>>[] {
  const lists: Record<string, readonly SettingValue[]> = {};
  for (const [key, setting] of Object.entries(scenario.settings)) {
    lists[key] = given[key] ?? sweep.settings?.[key] ?? [setting.default];
  }
  return combinations(lists);
}

/** Every choice of one value from each list; the last list varies fastest. */
export function combinations(
  lists: SettingLists,
): readonly Readonly<Record<string, SettingValue>>[] {
  let chosen: Readonly<Record<string, SettingValue>>[] = [{}];
  for (const [key, values] of Object.entries(lists)) {
    chosen = chosen.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  }
  return chosen;
}

/** "pv" is both sides; "pv:pvh" the server, then the client. Throws UserError. */
export function parseGuestTypes(
  text: string,
  where = '--guest-type',
): CellParameters['guestTypes'] {
  const types = text.split(':');
  for (const type of types) {
    if (type !== 'pv' && type !== 'pvh') {
      throw new UserError(`"${text}" is not a guest type`, {
        where,
        remedy: 'say pv, pvh, or both sides apart, the server first: pv:pvh',
      });
    }
  }
  const [server, client, ...more] = types as ('pv' | 'pvh')[];
  if (server === undefined || more.length > 0) {
    throw new UserError(`"${text}" names more than two sides`, {
      where,
      remedy: 'a connection has a server and a client: pv:pvh',
    });
  }
  return [server, client ?? server];
}
