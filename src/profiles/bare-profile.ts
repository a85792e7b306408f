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
  'copyClaimed',
  'cacheLine',
];
/** The steps of waking a blocked vCPU: in a process they are one wake-up of a thread. */
export const WAKE_UP: readonly PriceName[] = [
  'vcpuWake',
  'vcpuUnblock',
  'ipi',
  'inject',
  'upcall',
  'taskSwitch',
];

/** Lines that whoever raises an event takes from whom it wakes: that of the port's bits, and that of the wake-up word. */
const LINES_OF_A_RAISER = 2;

/** What software takes on this machine. Nanoseconds. */
export interface MeasuredSoftware {
  /** Of one short message, by its two ends. */
  readonly sendNs: number;
  readonly receiveNs: number;
  /** Of one event: raising it, finding it, going on. Not known: 0. */
  readonly eventNs?: number;
}

/**
 * A profile without what only a hypervisor and its guests' kernels cost: what remains is what the testbed live carries out
 * when nothing is injected and a domain that waits keeps looking.
 *
 * Such a domain learns of a wake-up when the cache line has come over. The call of the library is the measured software
 * of a receiver; what the sender's takes beyond it is the hypercall that sends, where there is one. Of the software of an
 * event whoever raises it pays for the lines that it takes from a domain that looks at them; the rest is paid by who takes it.
 */
export function bareProfile(profile: Profile, software: MeasuredSoftware): Profile {
  const prices = Object.fromEntries(
    PRICE_NAMES.map((name) => [
      name,
      KEPT.includes(name) ? profile.prices[name] : free(profile, name),
    ]),
  ) as Record<PriceName, Price>;
  prices.vcpuWake = {
    ...profile.prices.cacheLine,
    source: `a domain that looks for its wake-up: a cache line of ${profile.name}`,
    confidence: 'derived',
  };
  const { copySetup } = prices;
  const setupNs = picoseconds(copySetup.value, copySetup.unit, profile.clockHz) / 1000;
  const { sendNs, receiveNs, eventNs = 0 } = software;
  prices.libraryCall = measured(Math.max(0, Math.min(sendNs, receiveNs) - setupNs));
  prices.argoSendv = measured(Math.max(0, sendNs - receiveNs));
  const { cacheLine } = profile.prices;
  const lineNs = picoseconds(cacheLine.value, cacheLine.unit, profile.clockHz) / 1000;
  const raisingNs = Math.min(Math.max(0, eventNs), LINES_OF_A_RAISER * lineNs);
  const source = 'half of what a round trip of short messages takes beyond the model without it';
  prices.vcpuUnblock = { ...measured(raisingNs), source: `two cache lines, or all, of ${source}` };
  prices.upcall = {
    ...measured(Math.max(0, eventNs - raisingNs)),
    source: `the rest of ${source}`,
  };
  return {
    ...profile,
    name: `bare-${profile.name}`,
    description: `${profile.description}; only copies, cache lines and the live path's software have a price`,
    features: { ...profile.features, guestTickHz: 0, deepIdleAfterUs: 0, l1tfFlush: false },
    prices,
  };
}

function measured(ns: number): Price {
  const source = 'short messages on one thread that carries out both ends';
  return { value: ns, low: ns, high: ns, unit: 'ns', source, confidence: 'measured' };
}

function free({ prices }: Profile, name: PriceName): Price {
  const unit = prices[name].unit.endsWith('/B') ? 'ps/B' : 'ps';
  const source = 'carried out by nobody in an ordinary process';
  return { value: 0, low: 0, high: 0, unit, source, confidence: 'derived' };
}
