import type { CellParameters, Scenario } from '../scenario/contract.js';
import type { TransportDriver } from '../transport/contract.js';

/**
 * Why a transport cannot have these parameters at all; undefined where it can. The testbed asks the
 * same and skips the cell: here it is asked before anything runs.
 */
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
