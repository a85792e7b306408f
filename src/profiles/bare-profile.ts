import { PRICE_NAMES, type PriceName } from './price-list.js';
import { type Price, type Profile, picoseconds } from './profile.js';

/** What a process of this machine pays for as it is: copying, and lines that move. */
const KEPT: readonly PriceName[] = [
  'copySetup',
  'copyL1',
  'copyL2',
  'copyL3',
  'copyDram',
  'copyUnprefetched',
  'cacheLine',
];
/** The steps of waking a blocked vCPU: in a process they are one wake-up of a thread. */
const WAKE_UP: readonly PriceName[] = [
  'vcpuWake',
  'vcpuUnblock',
  'ipi',
  'inject',
  'upcall',
  'taskSwitch',
];

/**
 * A profile without what only a hypervisor and its guests' kernels cost: what remains is what the testbed live carries out
 * when nothing is injected. A wake-up is paid whole where a vCPU wakes, and nowhere else.
 */
export function bareProfile(profile: Profile): Profile {
  const prices = Object.fromEntries(
    PRICE_NAMES.map((name) => [
      name,
      KEPT.includes(name) ? profile.prices[name] : free(profile, name),
    ]),
  ) as Record<PriceName, Price>;
  const wakeNs = WAKE_UP.reduce((sum, name) => {
    const { value, unit } = profile.prices[name];
    return sum + picoseconds(value, unit, profile.clockHz) / 1000;
  }, 0);
  prices.vcpuWake = {
    value: wakeNs,
    low: wakeNs,
    high: wakeNs,
    unit: 'ns',
    source: `sum of ${WAKE_UP.join(', ')} of ${profile.name}`,
    confidence: 'derived',
  };
  return {
    ...profile,
    name: `bare-${profile.name}`,
    description: `${profile.description}; only copies, cache lines and wake-ups have a price`,
    features: { ...profile.features, guestTickHz: 0, deepIdleAfterUs: 0, l1tfFlush: false },
    prices,
  };
}

function free({ prices }: Profile, name: PriceName): Price {
  const unit = prices[name].unit.endsWith('/B') ? 'ps/B' : 'ps';
  const source = 'carried out by nobody in an ordinary process';
  return { value: 0, low: 0, high: 0, unit, source, confidence: 'derived' };
}
