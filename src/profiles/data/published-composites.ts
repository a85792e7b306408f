import type { CompositeName } from '../composites.js';
import type { Confidence } from '../profile.js';

/** A published or estimated figure that the prices of a profile must add up to again. */
export interface PublishedComposite {
  readonly value: number;
  readonly unit: 'cycles' | 'ns';
  readonly confidence: Confidence;
}

const cycles = (value: number, confidence: Confidence): PublishedComposite => ({
  value,
  unit: 'cycles',
  confidence,
});
const ns = (value: number, confidence: Confidence): PublishedComposite => ({
  value,
  unit: 'ns',
  confidence,
});

/**
 * The figures from which the prices were taken apart, by profile. Sources: docs/cost-model.md.
 * `ntua-2013` is a fit and `qemu-svm` an emulation: neither has any.
 */
export const PUBLISHED_COMPOSITES: Readonly<
  Record<string, Readonly<Record<CompositeName, PublishedComposite>>>
> = {
  'nehalem-2009': {
    nullHypercall: cycles(1600, 'estimate'),
    eventRunning: ns(3000, 'estimate'),
    eventBlocked: ns(6000, 'estimate'),
    vcpuSwitchOnOnePcpu: ns(5000, 'estimate'),
    grantMapUnmap: ns(3500, 'estimate'),
    grantCopyFixed: ns(800, 'estimate'),
  },
  'sandybridge-2012': {
    nullHypercall: cycles(1230, 'recalled'),
    eventRunning: ns(2650, 'recalled'),
    eventBlocked: ns(5360, 'recalled'),
    vcpuSwitchOnOnePcpu: ns(5000, 'recalled'),
    grantMapUnmap: ns(3000, 'estimate'),
    grantCopyFixed: ns(650, 'estimate'),
  },
  'skylake-2017': {
    nullHypercall: cycles(1200, 'estimate'),
    eventRunning: ns(2250, 'measured'),
    eventBlocked: ns(5000, 'estimate'),
    vcpuSwitchOnOnePcpu: ns(4500, 'estimate'),
    grantMapUnmap: ns(2200, 'derived'),
    grantCopyFixed: ns(500, 'derived'),
  },
  'skylake-2017-mitigated': {
    nullHypercall: cycles(4900, 'derived'),
    eventRunning: ns(4500, 'estimate'),
    eventBlocked: ns(8000, 'estimate'),
    vcpuSwitchOnOnePcpu: ns(7000, 'estimate'),
    grantMapUnmap: ns(2600, 'estimate'),
    grantCopyFixed: ns(600, 'estimate'),
  },
  'icelake-2021': {
    nullHypercall: cycles(2000, 'measured'),
    eventRunning: ns(2100, 'estimate'),
    eventBlocked: ns(4800, 'estimate'),
    vcpuSwitchOnOnePcpu: ns(4000, 'estimate'),
    grantMapUnmap: ns(2000, 'estimate'),
    grantCopyFixed: ns(450, 'estimate'),
  },
  'zen4-2023': {
    nullHypercall: cycles(2730, 'measured'),
    eventRunning: ns(2400, 'estimate'),
    eventBlocked: ns(5000, 'estimate'),
    vcpuSwitchOnOnePcpu: ns(4000, 'estimate'),
    grantMapUnmap: ns(1800, 'estimate'),
    grantCopyFixed: ns(400, 'estimate'),
  },
};

/**
 * Figures that contradict better known ones, and give way: the prices add up to something else,
 * for the reason given.
 */
export const CONTRADICTIONS: readonly {
  readonly profile: string;
  readonly composite: CompositeName;
  readonly reason: string;
}[] = [
  {
    profile: 'skylake-2017-mitigated',
    composite: 'eventRunning',
    reason:
      'sender and receiver each enter Xen once, and an entry alone costs 2084 ns (derived from a ' +
      'measured L1D flush and a null hypercall): two of them leave 333 of the 4500 ns for all ' +
      "software. The machine also charges the sender's way back into the guest before the event " +
      'leaves, which on hardware comes after it',
  },
];
