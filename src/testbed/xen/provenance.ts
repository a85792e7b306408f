import type { ProfileRecord } from '../../results/types.js';
import { XEN_PROFILE } from './cells/cell-result.js';
import { ICOUNT_SHIFT } from './machine/machine-config.js';

/** Where the counts of real Xen came from. */
export interface XenProvenance {
  /** Hash of all that the machine was built from. */
  readonly image: string;
  /** What the emulator says of itself. */
  readonly emulator: string;
  /** Packages or files by their part: hypervisor, kernel. */
  readonly contents: Readonly<Record<string, string>>;
  readonly xenArguments: readonly string[];
}

/** The emulated computer as a results file records the computer of a run. It has no prices: it is counted, not timed. */
export function xenProfileRecord(provenance: XenProvenance): ProfileRecord {
  return {
    name: XEN_PROFILE,
    description:
      'real Xen and real Linux guests on an AMD processor with SVM and nested paging that QEMU emulates, ' +
      'an instruction taking a fixed time',
    clockHz: 1e9 / 2 ** ICOUNT_SHIFT,
    features: {
      emulator: provenance.emulator,
      cpu: 'qemu64,+svm,+npt',
      nanosecondsPerInstruction: 2 ** ICOUNT_SHIFT,
      ...provenance.contents,
      image: provenance.image,
      xenArguments: provenance.xenArguments.join(' '),
    },
    prices: {},
  };
}
