import { LiveMemory, type PartOfMemory } from '../live-memory.js';
import type { Mover } from '../wasm-mover.js';
import type { InstallationArea } from './installation-area.js';

/** Frames of which all threads know who owns them, and who maps them. */
export class LedgerMemory extends LiveMemory {
  /** Another thread has done this already. */
  isRepeating = false;

  constructor(private readonly area: InstallationArea) {
    super();
  }

  override copyInto(frames: WebAssembly.Memory): void {
    super.copyInto(frames);
    new Int32Array(this.area.owners).set(this.owners);
    new Int32Array(this.area.mappings).set(this.foreignMappings);
  }

  override share(frames: WebAssembly.Memory, mover: Mover, part: PartOfMemory): void {
    super.share(frames, mover, part);
    this.owners = new Int32Array(this.area.owners);
    this.foreignMappings = new Int32Array(this.area.mappings);
  }

  override hold(mfn: number): void {
    this.count(mfn, 1);
  }

  override letGo(mfn: number): void {
    this.count(mfn, -1);
  }

  private count(mfn: number, by: number): void {
    if (this.isRepeating) return;
    if (this.isShared) Atomics.add(this.foreignMappings, mfn, by);
    else this.foreignMappings[mfn] = (this.foreignMappings[mfn] as number) + by;
  }

  *framesOf(domid: number): Generator<number> {
    for (let mfn = 0; mfn < this.owners.length; mfn++) {
      if (Atomics.load(this.owners, mfn) === domid) yield mfn;
    }
  }
}
