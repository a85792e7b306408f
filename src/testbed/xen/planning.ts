import { invariant } from '../../base/errors.js';
import type { Scenario, Sweep } from '../../scenario/contract.js';
import type { CellNames } from '../cell-identity.js';
import type { PlanningRules } from '../contract.js';
import { XEN_PROFILE } from './cells/cell-result.js';
import { HOST_PROFILE } from './cells/host-result.js';
import {
  RELAYS,
  skipReason,
  XEN_SCENARIOS,
  XEN_TRANSPORTS,
  type XenCellRequest,
  type XenScenario,
} from './cells/request.js';
import { messagesOf } from './cells/windows.js';
import { FAILURE_SCENARIOS, type FailureRequest } from './failure/failure-request.js';

const BOTH = { guestType: ['pvh', 'pv'] } as const;

/** Each kind of work once, with guests of both types. */
const QUICK: Readonly<Partial<Record<XenScenario, Sweep>>> = {
  'ping-pong': { ...BOTH, ringSizeBytes: [4096], messageSizeBytes: [64] },
  stream: { ...BOTH, ringSizeBytes: [65_536], messageSizeBytes: [1024] },
  'grant-mode': {
    ...BOTH,
    ringSizeBytes: [65_536],
    messageSizeBytes: [4096],
    grantMode: ['persistent', 'per-transfer', 'copy'],
  },
};

/** A seed is a place relative to the timer, whose ticks are so far apart; seeds are so far apart. */
const TICK_US = 4000;
const SEED_US = 739;

/** How cells are planned for real Xen in an emulated machine. */
export const EMULATED_RULES: PlanningRules = {
  profiles: [XEN_PROFILE],
  // With fewer physical CPUs than domains nothing depends on how the emulator shares its time among them.
  defaults: { placement: ['shared'] },
  sweeps: (scenario, suite) => sweepsOf(scenario, suite, { placement: ['shared'] }),
  messages: (names) => {
    if (isFailure(names)) return 1;
    const request = requestOf(names);
    return typeof request === 'string' ? 1 : messagesOf(request);
  },
  refusal: (names, scenario) => {
    if (isFailure(names)) {
      const request = failureRequestOf(names);
      return typeof request === 'string' ? request : undefined;
    }
    const asked = { ...names.parameters.settings, ...names.transportOptions };
    const other = Object.keys(asked).find(
      (key) => asked[key] !== scenario.settings[key]?.default && !isKnown(names, key),
    );
    if (other !== undefined) return `real Xen does not know the setting ${other}`;
    const request = requestOf(names);
    // What hypervisor and guests have is known when they have been looked at.
    return typeof request === 'string' ? request : skipReason(request, HAS_ALL);
  },
};

const HAS_ALL = { hasArgo: true, hasSocketProxy: true };

/** Whether real guests do as this setting of a scenario says. */
function isKnown({ scenario }: CellNames, setting: string): boolean {
  return scenario === 'http-transfer' && setting === 'relay';
}

/** The same on a real host, whose processors work side by side. */
export const HOST_RULES: PlanningRules = {
  ...EMULATED_RULES,
  profiles: [HOST_PROFILE],
  defaults: { placement: ['own'] },
  sweeps: (scenario, suite) => sweepsOf(scenario, suite, { placement: ['own'] }),
  refusal: (names, scenario) =>
    isFailure(names)
      ? 'nothing is broken on a real host: leave --on host out'
      : EMULATED_RULES.refusal?.(names, scenario),
};

function sweepsOf(scenario: Scenario, suite: string, also: Sweep): readonly Sweep[] | undefined {
  if (suite === 'failure' && isFailure({ scenario: scenario.name })) {
    return scenario.sweeps.failure?.map((sweep) => ({ ...sweep, ...also }));
  }
  const name = XEN_SCENARIOS.find((one) => one === scenario.name);
  if (name === undefined) return undefined;
  if (suite === 'full') return scenario.sweeps.full.map((sweep) => ({ ...sweep, ...also }));
  const quick = suite === 'quick' ? QUICK[name] : undefined;
  return quick === undefined ? undefined : [{ ...quick, ...also }];
}

/** Whether something is to break in it. */
export function isFailure({ scenario }: Pick<CellNames, 'scenario'>): boolean {
  return FAILURE_SCENARIOS.some((one) => one === scenario);
}

/** A planned cell in which something breaks; or why that cannot be. */
export function failureRequestOf(
  names: Omit<CellNames, 'parameters'> & {
    readonly parameters: Omit<CellNames['parameters'], 'messages'>;
  },
): FailureRequest | string {
  const scenario = FAILURE_SCENARIOS.find((one) => one === names.scenario);
  invariant(scenario !== undefined, 'nothing breaks in this scenario', names);
  const transport = XEN_TRANSPORTS.find((one) => one === names.transport);
  if (transport === undefined) return noSuchTransport(names.transport);
  if (names.draw !== undefined) return NO_DRAWS;
  const { ringSizeBytes, messageSizeBytes, guestTypes, grantMode, placement, settings } =
    names.parameters;
  if (grantMode !== 'persistent' || placement !== 'shared') {
    return 'what breaks on real Xen is tried with persistent grants and all domains on one CPU';
  }
  return {
    transport,
    scenario,
    parameters: { ringSizeBytes, messageSizeBytes, guestTypes, settings },
  };
}

/** A planned cell as work for real guests; or why that cannot be. */
export function requestOf(
  names: Omit<CellNames, 'parameters'> & {
    readonly parameters: Omit<CellNames['parameters'], 'messages'> & { readonly messages?: number };
  },
): XenCellRequest | string {
  const scenario = XEN_SCENARIOS.find((one) => one === names.scenario);
  if (scenario === undefined) {
    return `real Xen carries out ${[...XEN_SCENARIOS, ...FAILURE_SCENARIOS].join(', ')}: for ${names.scenario}, use the testbed model`;
  }
  const transport = XEN_TRANSPORTS.find((one) => one === names.transport);
  if (transport === undefined) return noSuchTransport(names.transport);
  if (names.draw !== undefined) return NO_DRAWS;
  const { ringSizeBytes, messageSizeBytes, messages, guestTypes, grantMode, placement, seed } =
    names.parameters;
  const relay = RELAYS.find((one) => one === names.parameters.settings['relay']);
  const startsLaterUs = (Math.max(0, seed - 1) * SEED_US) % TICK_US;
  return {
    transport,
    scenario,
    parameters: {
      ringSizeBytes,
      messageSizeBytes,
      guestTypes,
      grantMode,
      placement,
      ...(messages === undefined ? {} : { messages }),
      ...(relay === undefined ? {} : { relay }),
    },
    ...(startsLaterUs === 0 ? {} : { startsLaterUs }),
  };
}

const NO_DRAWS = 'prices are drawn for the model: real Xen has none';

function noSuchTransport(name: string): string {
  return `${name} is there to test the harness: real Xen has ${XEN_TRANSPORTS.join(', ')}`;
}
