import type { Features } from '../../profiles/feature-list.js';
import type { PriceTable } from '../../profiles/price-list.js';
import type { CellParameters, Scenario } from '../../scenario/contract.js';
import { World } from '../../scenario/world.js';
import type { Endpoint, TransportDriver } from '../../transport/contract.js';
import { Guest } from '../../transport/guest.js';
import { DEFAULT_LIMITS, type DomainLimits } from '../../xen/domain.js';
import { Machine } from '../../xen/machine.js';
import { Xenstored } from '../../xen/xenstore/xenstored.js';

/** Limits high enough that none is met: what an administrator would set for thousands of connections. */
const RAISED_LIMITS: DomainLimits = {
  eventChannels: 131_071,
  eventAbi: 'fifo',
  grantFrames: 4096,
  maptrackFrames: 65_536,
};

/** Quotas of xenstored to go with RAISED_LIMITS. */
const RAISED_QUOTAS = {
  nodesPerDomain: 1_000_000,
  watchesPerDomain: 100_000,
  transactionsPerDomain: 10_000,
  memoryPerDomainBytes: 0,
};

/** Switches a machine on: dom0 with xenstored, then the guests that the scenario wants. */
export function buildWorld(
  hardware: { readonly features: Features; readonly prices: PriceTable },
  driver: TransportDriver,
  scenario: Scenario,
  parameters: CellParameters,
  transportOptions: Endpoint['options'],
): World {
  const topology = scenario.topology(parameters);
  const shared = parameters.placement === 'shared';
  const machine = new Machine({
    features: hardware.features,
    prices: hardware.prices,
    pcpus: shared ? 1 : 1 + topology.guests.length,
    seed: parameters.seed,
  });
  const raised = topology.limits === 'raised';
  const limits = raised ? RAISED_LIMITS : DEFAULT_LIMITS;
  const dom0 = machine.createDomain({
    name: 'dom0',
    type: 'pv',
    pcpus: [0],
    limits: RAISED_LIMITS,
  });
  const xenstored = new Xenstored(dom0, raised ? RAISED_QUOTAS : {});
  const dom0Guest = new Guest(dom0, xenstored.introduce(dom0));
  const guests = topology.guests.map((spec, index) => {
    const domain = machine.createDomain({
      name: spec.name,
      type: spec.type,
      pcpus: [shared ? 0 : index + 1],
      limits,
    });
    return new Guest(domain, xenstored.introduce(domain));
  });
  driver.prepareDom0?.(dom0Guest);
  return new World(machine, driver, scenario, parameters, dom0Guest, guests, transportOptions);
}
