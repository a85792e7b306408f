import type { PriceRecord, ProfileRecord } from '../../results/types.js';
import { own } from './labels.js';

/**
 * The attribution causes under which each price is charged. A results file may say so itself (`causes` beside a price)
 * and then has the last word; this table serves the files that do not. A test keeps it from contradicting the list of
 * prices.
 */
const CAUSES_OF_PRICE: Readonly<Record<string, readonly string[]>> = {
  vmexit: ['hypervisor-entry'],
  pvEntry: ['hypervisor-entry'],
  syscall: ['guest-kernel'],
  cr3Write: ['tlb', 'context-switch'],
  invlpg: ['tlb'],
  tlbRefill: ['tlb'],
  ipi: ['event-delivery'],
  deepIdleExit: ['context-switch'],
  shootdownFirst: ['tlb'],
  shootdownFurther: ['tlb'],
  cacheLine: ['cache-line', 'lock'],
  hypercall: ['hypervisor-entry'],
  exitHandler: ['hypervisor-entry'],
  evtchnSend: ['hypervisor-work'],
  evtchnControl: ['hypervisor-work'],
  schedOp: ['hypervisor-work'],
  timerOp: ['hypervisor-work'],
  grantMap: ['hypervisor-work'],
  grantUnmap: ['hypervisor-work'],
  grantCopy: ['hypervisor-work'],
  argoSendv: ['hypervisor-work'],
  argoNotify: ['hypervisor-work'],
  argoRegister: ['hypervisor-work'],
  pageWalk: ['page-walk'],
  vcpuSwitch: ['context-switch'],
  vcpuUnblock: ['hypervisor-work'],
  vcpuWake: ['context-switch'],
  inject: ['event-delivery'],
  mitigationEntry: ['hypervisor-entry'],
  l1dFlush: ['hypervisor-entry'],
  libraryCall: ['guest-user'],
  systemCall: ['guest-kernel'],
  eventDevice: ['guest-kernel'],
  upcall: ['event-delivery'],
  taskSwitch: ['context-switch'],
  timerTick: ['guest-kernel'],
  xenbus: ['guest-kernel'],
  memoryMap: ['guest-kernel'],
  clockRead: ['guest-user'],
  payload: ['guest-user'],
  copySetup: ['copy'],
  copyL1: ['copy'],
  copyL2: ['copy'],
  copyL3: ['copy'],
  copyUnprefetched: ['copy'],
  copyDram: ['copy'],
  xenstoreOperation: ['toolstack'],
  brokerStep: ['toolstack'],
  domainTeardownPerGib: ['teardown'],
  crashDetection: ['toolstack'],
};

type PriceWithCauses = PriceRecord & { readonly causes?: readonly string[] };

/** The causes of a price; none for a price that nobody knows. */
export function causesOfPrice(name: string, price: PriceRecord): readonly string[] {
  return (price as PriceWithCauses).causes ?? own(CAUSES_OF_PRICE, name) ?? [];
}

export interface NamedPrice extends PriceRecord {
  readonly name: string;
}

/** The prices that are charged under a cause and are not zero. */
export function pricesOf(profile: ProfileRecord, cause: string): readonly NamedPrice[] {
  return Object.entries(profile.prices)
    .filter(([name, price]) => price.high > 0 && causesOfPrice(name, price).includes(cause))
    .map(([name, price]) => ({ name, ...price }));
}

/** How much of a cause rests on guesses: no price of it, some, or all are estimates. */
export type Certainty = 'known' | 'partly-estimated' | 'estimated';

export function certaintyOf(profile: ProfileRecord | undefined, cause: string): Certainty {
  const prices = profile === undefined ? [] : pricesOf(profile, cause);
  const estimates = prices.filter((price) => price.confidence === 'estimate').length;
  if (estimates === 0) return 'known';
  return estimates === prices.length ? 'estimated' : 'partly-estimated';
}
