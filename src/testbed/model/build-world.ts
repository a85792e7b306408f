import type { Features } from '../../profiles/feature-list.js';
import type { PriceTable } from '../../profiles/price-list.js';
import type { CellParameters, Scenario } from '../../scenario/contract.js';
import { World } from '../../scenario/world.js';
import type { Endpoint, TransportDriver } from '../../transport/contract.js';
import { Installation } from '../../transport/installation.js';

/** Switches a machine on: dom0 with xenstored, then the guests that the scenario wants. */
export function buildWorld(
  hardware: { readonly features: Features; readonly prices: PriceTable },
  driver: TransportDriver,
  scenario: Scenario,
  parameters: CellParameters,
  transportOptions: Endpoint['options'],
): World {
  const topology = scenario.topology(parameters);
  const installation = new Installation({
    hardware,
    guests: topology.guests,
    placement: parameters.placement,
    limits: topology.limits,
    seed: parameters.seed,
    ...(topology.onCrash === undefined ? {} : { onCrash: topology.onCrash }),
    ...(topology.guestLimits === undefined ? {} : { guestLimits: topology.guestLimits }),
  });
  driver.prepareDom0?.(installation.dom0);
  return new World(installation, driver, scenario, parameters, transportOptions);
}
