import { invariant } from '../../../base/errors.js';
import type { ControlChange } from '../../../xen/control-order.js';
import { JOURNAL_END } from '../shared-area.js';

/** Each entry begins with its length. */
const LENGTH_BYTES = 4;

/** What has been changed since the machine went live, in the order in which it was: written by one thread at a time. */
export class Journal {
  private readonly bytes: Buffer;
  /** How far this thread has read. */
  private read = 0;

  constructor(
    shared: SharedArrayBuffer,
    private readonly control: Int32Array,
  ) {
    this.bytes = Buffer.from(shared);
  }

  /** Adds what this thread has changed. It has read everything before, and nobody else writes now. */
  append(change: ControlChange): void {
    const text = Buffer.from(JSON.stringify(change));
    const end = this.read + LENGTH_BYTES + text.length;
    invariant(end <= this.bytes.length, 'the journal of a live machine is full', { end });
    this.bytes.writeUInt32LE(text.length, this.read);
    this.bytes.set(text, this.read + LENGTH_BYTES);
    this.read = end;
    Atomics.store(this.control, JOURNAL_END, end);
  }

  /** The next change that this thread does not know; undefined where it knows all. */
  next(): ControlChange | undefined {
    if (this.read === Atomics.load(this.control, JOURNAL_END)) return undefined;
    const from = this.read + LENGTH_BYTES;
    this.read = from + this.bytes.readUInt32LE(this.read);
    return JSON.parse(this.bytes.toString('utf8', from, this.read)) as ControlChange;
  }
}
