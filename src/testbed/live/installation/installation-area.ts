import { PAGE_SIZE } from '../../../xen/memory.js';
import { createSharedArea, type SharedArea } from '../shared-area.js';

/** What the threads of a whole installation share beside frames, table and words of control. */
export interface InstallationArea extends SharedArea {
  /** Owner of each frame, and how many foreign mappings hold it. */
  readonly owners: SharedArrayBuffer;
  readonly mappings: SharedArrayBuffer;
  readonly journal: SharedArrayBuffer;
}

/** Frames for dom0 and what the set-up takes, and for each guest's buffers and rings. */
const FIRST_BYTES = 4 << 20;
const GUEST_BYTES = 4 << 20;
/** Only what is written becomes real. */
const JOURNAL_BYTES = 32 << 20;

/** @param domains dom0 and the guests: a thread each */
export function createInstallationArea(domains: number): InstallationArea {
  const bytes = FIRST_BYTES + domains * GUEST_BYTES;
  const wordsBytes = (bytes / PAGE_SIZE) * Int32Array.BYTES_PER_ELEMENT;
  return {
    ...createSharedArea(bytes, domains),
    owners: new SharedArrayBuffer(wordsBytes),
    mappings: new SharedArrayBuffer(wordsBytes),
    journal: new SharedArrayBuffer(JOURNAL_BYTES),
  };
}

/** Makes an area as it was when it was new. No thread may be using it. */
export function clearArea({ frames, words, control, owners, mappings }: InstallationArea): void {
  Buffer.from(frames.buffer).fill(0);
  for (const part of [words, control, owners, mappings]) new Int32Array(part).fill(0);
}
