import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, MAPPED_EACH_TIME, V2V, V4V } from '../transports.js';

/** Section 2: what entering the hypervisor costs. */
export const VMEXITS: readonly Claim[] = [
  {
    id: 'vmexit-overhead',
    title: 'VMEXITs turned out to be no issue',
    statement: 'The overhead of VMEXITs, feared to be the main drawback of V4V, did not show.',
    place: 'section 2, sixth reason, first sentence',
    supportedBy: 'a small share of CPU time spent on entering the hypervisor',
    contradictedBy: 'a large share of it',
    parts: [
      {
        label: 'share of V4V',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'value',
          metric: 'share:hypervisor-entry',
          of: V4V,
          threshold: THRESHOLDS.minorShare,
        },
      },
      {
        label: 'share of libvchan',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'value',
          metric: 'share:hypervisor-entry',
          of: LIBVCHAN,
          threshold: THRESHOLDS.minorShare,
        },
      },
    ],
    note: 'Only getting in and out counts, not what Xen does inside.',
  },
  {
    id: 'vmexit-worst-case',
    title: 'Never many more VMEXITs',
    statement:
      'Even in the worst case V4V causes not many more VMEXITs than sharing memory by grants.',
    place: 'section 2, sixth reason, second sentence',
    supportedBy: 'entries a message of V4V at most twice those of shared memory in every case',
    contradictedBy: 'a case in which they are more than twice as many',
    parts: [
      {
        label: 'against libvchan',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.notMany,
        },
      },
      {
        label: "against V2V's own rings",
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: V2V,
          threshold: THRESHOLDS.notMany,
        },
      },
      {
        label: 'against mapping for each transfer',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: MAPPED_EACH_TIME,
          threshold: THRESHOLDS.notMany,
        },
      },
    ],
    note: 'Which grant method is meant decides: rings that stay mapped need no entry while both sides are busy, a mapping for each transfer needs several a message.',
  },
  {
    id: 'vmexit-parity',
    title: 'VMEXITs at parity in general',
    statement: 'In general V4V causes about as many VMEXITs as sharing memory by grants.',
    place: 'section 2, sixth reason, second sentence',
    supportedBy: 'entries a message of V4V at most 25 % above those of shared memory, mostly',
    contradictedBy: 'hardly a case in which that is so',
    parts: [
      {
        label: 'against libvchan',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.parity,
        },
      },
      {
        label: "against V2V's own rings",
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: V2V,
          threshold: THRESHOLDS.parity,
        },
      },
      {
        label: 'against mapping for each transfer',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V4V,
          to: MAPPED_EACH_TIME,
          threshold: THRESHOLDS.parity,
        },
      },
    ],
    note: 'A V4V driver may gather small writes (--set coalesceBytes=64k), which the sweep without it does not show. PV guests have no VMEXITs: entries are counted for both guest types.',
  },
];
