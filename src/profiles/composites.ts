import { PS_PER_NS } from '../base/units.js';
import type { PriceName } from './price-list.js';
import { type Profile, picoseconds } from './profile.js';

/**
 * What people measure is seldom one price: it is a way through several. These are the ways behind
 * the published figures, in terms of what the mechanisms of the simulated machine charge, so that
 * nothing is counted twice.
 *
 * All are ways of a PVH guest, except the grant operations, which were measured in a PV dom0. An
 * event ends where the guest's handler has run, before the EOI: none of the sources had a guest
 * that pays an exit for it.
 */
export const COMPOSITE_NAMES = [
  'nullHypercall',
  'eventRunning',
  'eventBlocked',
  'vcpuSwitchOnOnePcpu',
  'grantMapUnmap',
  'grantCopyFixed',
] as const;
export type CompositeName = (typeof COMPOSITE_NAMES)[number];

export interface Term {
  readonly price: PriceName;
  readonly times: number;
}

/** Grant operations were measured in batches as large as Xen's own (GNTTAB_UNMAP_BATCH_SIZE). */
const GRANT_BATCH = 32;

/** Page walks for the runstate area of one PVH guest (Pcpu). */
const RUNSTATE_WALKS = 3;

const once = (...prices: readonly PriceName[]): Term[] =>
  prices.map((price) => ({ price, times: 1 }));

const oneInABatch = (times: number, ...prices: readonly PriceName[]): Term[] =>
  prices.map((price) => ({ price, times: times / GRANT_BATCH }));

/** What a profile pays for a published figure, in the order in which it happens. */
export function compositeTerms(profile: Profile, name: CompositeName): readonly Term[] {
  const entry = once('vmexit', 'mitigationEntry');
  if (profile.features.l1tfFlush) entry.push(...once('l1dFlush'));
  const send = [...entry, ...once('hypercall', 'evtchnSend')];
  switch (name) {
    case 'nullHypercall':
      return [...entry, ...once('hypercall')];
    case 'eventRunning':
      return [...send, ...once('ipi'), ...entry, ...once('exitHandler', 'inject', 'upcall')];
    case 'eventBlocked':
      return [
        ...send,
        ...once('vcpuUnblock', 'ipi', 'vcpuWake'),
        { price: 'pageWalk', times: RUNSTATE_WALKS },
        ...once('inject', 'upcall', 'taskSwitch'),
      ];
    case 'vcpuSwitchOnOnePcpu':
      return [
        ...entry,
        ...once('exitHandler', 'schedOp', 'vcpuSwitch'),
        { price: 'pageWalk', times: 2 * RUNSTATE_WALKS },
        ...once('cr3Write'),
      ];
    case 'grantMapUnmap':
      return [
        ...oneInABatch(2, 'pvEntry', 'mitigationEntry', 'hypercall'),
        ...once('grantMap', 'grantUnmap'),
        ...oneInABatch(1, 'cr3Write', 'shootdownFirst'),
      ];
    case 'grantCopyFixed':
      return [
        ...oneInABatch(1, 'pvEntry', 'mitigationEntry', 'hypercall'),
        ...once('grantCopy', 'copySetup'),
      ];
  }
}

/** Nanoseconds of one price. */
export function priceNs(profile: Profile, name: PriceName): number {
  const { value, unit } = profile.prices[name];
  return picoseconds(value, unit, profile.clockHz) / PS_PER_NS;
}

/** Nanoseconds that the mechanisms charge for a composite. */
export function recomposedNs(profile: Profile, name: CompositeName): number {
  let sum = 0;
  for (const { price, times } of compositeTerms(profile, name)) {
    sum += times * priceNs(profile, price);
  }
  return sum;
}

/**
 * "571 ns = vmexit 322 + hypercall 250": the sum, with what the profile pays; terms of nothing are
 * left out.
 */
export function equationText(profile: Profile, name: CompositeName): string {
  const amounts = new Map<PriceName, number>();
  for (const { price, times } of compositeTerms(profile, name)) {
    amounts.set(price, (amounts.get(price) ?? 0) + times);
  }
  const terms = [...amounts].flatMap(([price, times]) => {
    const ns = priceNs(profile, price);
    return ns === 0 ? [] : [`${factorText(times)}${price} ${Math.round(ns)}`];
  });
  return `${Math.round(recomposedNs(profile, name))} ns = ${terms.join(' + ')}`;
}

function factorText(times: number): string {
  if (times === 1) return '';
  return times > 1 ? `${times} x ` : `1/${1 / times} x `;
}
