import { payloadSpace, sanitizedOffset } from '../../src/ring/wrapped-offset-ring.js';
import { AddressSpace } from '../../src/xen/address-space.js';
import { CACHE_LINE } from '../../src/xen/causes.js';
import type { Domain } from '../../src/xen/domain.js';
import type { HypervisorWords } from '../../src/xen/hypervisor-words.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from '../../src/xen/memory.js';
import type { SharedLine } from '../../src/xen/shared-line.js';
import type { Vcpu } from '../../src/xen/vcpu.js';
import {
  MESSAGE_LEN,
  MESSAGE_SOURCE_DOMID,
  MESSAGE_SOURCE_PORT,
  MESSAGE_TYPE,
  RING_RX_PTR,
  RING_START,
  RING_TX_PTR,
} from './argo-abi.js';
import type { ArgoCall } from './argo-call.js';
import { ArgoLock, fetchForReading, fetchForWriting } from './argo-locks.js';
import { PendingList } from './argo-pending.js';

/** Pages of a ring with its header: NPAGES_RING. */
export function pagesOfRing(ringBytes: number): number {
  return Math.ceil((ringBytes + RING_START) / PAGE_SIZE);
}

/** Where byte 0 of the ring's first page lies in the window: page 0 of an address space is never mapped. */
const WINDOW_START = PAGE_SIZE;

/**
 * `struct argo_ring_info`: a ring as Xen knows it. The frames are the receiver's own, reached through Xen's mapping.
 *
 * Invariant: `txPtr` is a slot in the ring, whatever the guest writes into its page.
 */
export class ArgoRing {
  readonly lock: ArgoLock;
  readonly pending: PendingList;
  /** A message that is copied and not yet announced. Its sender holds the lock. */
  inFlight: ArgoCall | undefined;
  /** Unregistered: whoever still has a hold of it must let it be. */
  isRemoved = false;
  /** Pages that Xen has mapped: page 0 when registered, the others when first used, and then for good. */
  mappedPages = 0;
  /** The receiver's pages, in order, from WINDOW_START. */
  window = new AddressSpace(-1);
  private readonly words: HypervisorWords;
  private readonly txWord: number;
  private mfns: readonly number[] = [];
  private isMapped = new Uint8Array(0);
  private header = 0;
  private headerLine: SharedLine | undefined;

  constructor(
    readonly domain: Domain,
    readonly port: number,
    readonly partner: number,
    readonly bytes: number,
  ) {
    const { machine } = domain;
    this.lock = new ArgoLock(machine);
    this.words = machine.words;
    this.txWord = this.words.allocate(1);
    this.pending = new PendingList(this.words);
  }

  /** Xen's own tx_ptr: the guest's copy is never read again. */
  get txPtr(): number {
    return this.words.load(this.txWord);
  }

  set txPtr(offset: number) {
    this.words.store(this.txWord, offset);
  }

  get pages(): number {
    return this.mfns.length;
  }

  /** The receiver's frames that it lies in. */
  get frames(): readonly number[] {
    return this.mfns;
  }

  /** Takes hold of the receiver's frames. They cannot go away under Xen until they are let go. */
  holdFrames(mfns: readonly number[]): void {
    this.mfns = mfns;
    this.window = new AddressSpace(-1);
    mfns.forEach((mfn, index) => {
      this.domain.holdForXen(mfn);
      this.window.map(index + (WINDOW_START >> PAGE_SHIFT), mfn, true);
    });
    this.isMapped = new Uint8Array(mfns.length);
    this.mappedPages = 0;
    this.mapPage(0);
    this.header = (mfns[0] as number) << PAGE_SHIFT;
    this.headerLine = this.domain.machine.sharedLine(this.header);
  }

  /** It is unregistered. */
  discard(): void {
    this.isRemoved = true;
    this.letFramesGo();
    this.pending.discard();
    this.words.release(this.txWord, 1);
    this.lock.discard();
  }

  letFramesGo(): void {
    for (const mfn of this.mfns) this.domain.letGoForXen(mfn);
    this.mfns = [];
    this.mappedPages = 0;
  }

  /** Address in the window of a byte of the ring. Its pages up to the last byte become mapped. */
  windowAddress(offset: number, length: number): number {
    const start = RING_START + offset;
    const last = (start + length - 1) >> PAGE_SHIFT;
    for (let page = start >> PAGE_SHIFT; page <= last; page++) {
      if (this.isMapped[page] === 0) this.mapPage(page);
    }
    return WINDOW_START + start;
  }

  /** get_sanitized_ring: rx_ptr as the guest has it now, made usable. */
  readRx(vcpu: Vcpu): number {
    fetchForReading(vcpu, this.headerLine as SharedLine);
    return sanitizedOffset(this.word(RING_RX_PTR), this.bytes);
  }

  /** ringbuf_payload_space, as it is once the lock can be had: with the message that is under way. */
  payloadSpace(vcpu: Vcpu): number {
    return payloadSpace(this.readRx(vcpu), this.inFlight?.nextTx ?? this.txPtr, this.bytes);
  }

  /** update_tx_ptr: shows the receiver what is there. */
  writeTx(vcpu: Vcpu, offset: number): void {
    this.txPtr = offset;
    fetchForWriting(vcpu, this.headerLine as SharedLine, CACHE_LINE);
    this.domain.machine.memory.storeShared((this.header + RING_TX_PTR) >> 2, offset);
  }

  /** What the guest's page says, at registration only. */
  rawPointers(): { rx: number; tx: number } {
    return { rx: this.word(RING_RX_PTR), tx: this.word(RING_TX_PTR) };
  }

  /** Writes a message header at a slot. It never straddles a page. */
  writeMessageHeader(
    offset: number,
    length: number,
    sourcePort: number,
    sourceDomid: number,
    messageType: number,
  ): void {
    const address = this.windowAddress(offset, 16);
    const { words } = this.domain.machine.memory;
    const frame = this.mfns[(address - WINDOW_START) >> PAGE_SHIFT] as number;
    const at = (frame << PAGE_SHIFT) | (address & PAGE_MASK);
    words[(at + MESSAGE_LEN) >> 2] = length;
    words[(at + MESSAGE_SOURCE_PORT) >> 2] = sourcePort;
    words[(at + MESSAGE_SOURCE_DOMID) >> 2] = sourceDomid;
    words[(at + MESSAGE_TYPE) >> 2] = messageType;
  }

  private word(offset: number): number {
    return this.domain.machine.memory.loadShared((this.header + offset) >> 2) >>> 0;
  }

  private mapPage(page: number): void {
    this.isMapped[page] = 1;
    this.mappedPages++;
  }
}
