import type { CellParameters } from '../../../scenario/contract.js';
import { type CellIdentity, identifyCell } from '../../cell-identity.js';
import { XEN_PROFILE, XEN_TESTBED } from '../cells/cell-result.js';
import { effectiveRingBytes, NO_ARGO, type XenTransport } from '../cells/request.js';
import type { GuestType } from '../machine/machine-config.js';
import { laterStart } from '../machine/run-batch.js';

/** Scenarios in which something breaks that dom0 can have break: guest/dom0/failure.sh plays them. */
export const FAILURE_SCENARIOS = [
  'broker-outage',
  'symmetric-crash',
  'destroy-order',
  'channel-depletion',
] as const;
export type FailureScenario = (typeof FAILURE_SCENARIOS)[number];

/** A millisecond later, a guest that spun (spin-watch.ts) was seen to spin again; this much later it was not. */
const LATER_US = 371_000;

/** One cell in which something breaks, to be carried out with real domains. */
export interface FailureRequest {
  readonly transport: XenTransport;
  readonly scenario: FailureScenario;
  readonly parameters: {
    readonly ringSizeBytes: number;
    readonly messageSizeBytes: number;
    /** Of the side that listens, and of the one that connects. */
    readonly guestTypes: readonly [GuestType, GuestType];
    /** All that the scenario has. */
    readonly settings: CellParameters['settings'];
  };
}

/** Why this cell cannot be, or undefined where it can. */
export function failureSkipReason(
  { transport }: FailureRequest,
  hypervisor: { readonly hasArgo: boolean },
): string | undefined {
  return transport === 'v4v' && !hypervisor.hasArgo ? NO_ARGO : undefined;
}

/** What the cell is called: as the model's, but for testbed, profile and placement. */
export function failureCellFrame({
  transport,
  scenario,
  parameters,
}: FailureRequest): CellIdentity & {
  readonly scenarioVersion: number;
  readonly effective: Readonly<Record<string, number>>;
} {
  const identity = identifyCell({
    testbed: XEN_TESTBED,
    profile: XEN_PROFILE,
    transport,
    scenario,
    parameters: {
      ...parameters,
      messages: 1,
      grantMode: 'persistent',
      placement: 'shared',
      seed: 1,
    },
    transportOptions: {},
  });
  return {
    ...identity,
    scenarioVersion: 1,
    effective: { ringSizeBytes: effectiveRingBytes(transport, parameters.ringSizeBytes) },
  };
}

/**
 * Commands for dom0 that carry a cell out.
 *
 * @param id what the cell's lines are marked with: letters, digits, dashes
 * @param tries how often it was tried before
 */
export function failureCommands(
  { transport, scenario, parameters }: FailureRequest,
  id: string,
  tries = 0,
): string {
  const { ringSizeBytes, messageSizeBytes, settings } = parameters;
  const commands = [
    '. /interdom/failure.sh',
    `transport=${transport}`,
    `ring=${ringSizeBytes}`,
    `message=${messageSizeBytes}`,
    `begin_cell ${id}`,
    [scenario.replace('-', '_'), ...argumentsOf(scenario, settings)].join(' '),
    'end_cell',
    '',
  ].join('\n');
  return laterStart(tries, LATER_US) + commands;
}

function argumentsOf(
  scenario: FailureScenario,
  settings: FailureRequest['parameters']['settings'],
): readonly string[] {
  const word = (name: string): string => String(settings[name]).replaceAll(' ', '-');
  const seconds = (name: string): string => String(Number(settings[name]) / 1000);
  switch (scenario) {
    case 'broker-outage':
      return [word('service'), word('when'), seconds('downMs')];
    case 'symmetric-crash':
      return [word('dies'), seconds('observeMs')];
    case 'destroy-order':
      return [word('order'), seconds('observeMs')];
    case 'channel-depletion':
      return [word('scarce'), word('most')];
  }
}
