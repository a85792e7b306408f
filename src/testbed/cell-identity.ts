import { cellId } from '../results/cell-id.js';
import type { Cell, ParameterValue } from '../results/types.js';
import type { CellParameters, Scenario } from '../scenario/contract.js';
import type { Endpoint, TransportDriver } from '../transport/contract.js';

/** What says which cell it is. */
export type CellIdentity = Pick<
  Cell,
  'id' | 'testbed' | 'profile' | 'transport' | 'scenario' | 'parameters'
>;

/** The names and parameters from which a cell's identity is made. */
export interface CellNames {
  readonly testbed: string;
  readonly profile: string;
  readonly transport: string;
  readonly scenario: string;
  readonly parameters: CellParameters;
  readonly transportOptions: Endpoint['options'];
  /** Number of the draw of prices, in a run under `--uncertainty`. */
  readonly draw?: number | undefined;
}

/** A cell's id, and its parameters as results files have them: flat, both guest types in one word. */
export function identifyCell(names: CellNames): CellIdentity {
  const { testbed, profile, transport, scenario } = names;
  const { guestTypes, settings, ...common } = names.parameters;
  const [server, client] = guestTypes;
  const parameters: Record<string, ParameterValue> = {
    ringSizeBytes: common.ringSizeBytes,
    messageSizeBytes: common.messageSizeBytes,
    messages: common.messages,
    guestType: server === client ? server : `${server}:${client}`,
    grantMode: common.grantMode,
    placement: common.placement,
    seed: common.seed,
    ...settings,
    ...(names.draw === undefined ? {} : { draw: names.draw }),
    ...names.transportOptions,
  };
  const identity = { testbed, profile, transport, scenario, parameters };
  return { id: cellId(identity), ...identity };
}

/** Why a transport cannot have these parameters at all; undefined where it can. */
export function refusal(
  transport: TransportDriver,
  scenario: Scenario,
  parameters: CellParameters,
): string | undefined {
  const size = transport.ringSize(parameters.ringSizeBytes);
  if ('refused' in size) return size.refused;
  if (!transport.capabilities.grantModes.includes(parameters.grantMode)) {
    return `${transport.name} has no grant mode "${parameters.grantMode}"`;
  }
  return scenario.skipReason?.(transport, parameters);
}
