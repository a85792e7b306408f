import type { Process } from '../../sim/process.js';
import { Gate } from '../../transport/gate.js';
import type { Guest } from '../../transport/guest.js';
import type { LivePlatform } from './live-platform.js';
import { gateWord } from './shared-area.js';

/** A gate between threads. */
export class LiveGate extends Gate {
  /** Its first word of control. */
  readonly word: number;

  constructor(
    private readonly platform: LivePlatform,
    number: number,
  ) {
    super();
    this.word = gateWord(number);
  }

  override get isOpen(): boolean {
    return Atomics.load(this.platform.control, this.word) !== 0;
  }

  override *pass(guest: Guest, laterPs = 0): Process<number> {
    this.look();
    return yield* super.pass(guest, laterPs);
  }

  override open(guest: Guest, said = 0): void {
    const { control, area } = this.platform;
    Atomics.store(control, this.word + 1, said);
    Atomics.store(control, this.word, 1);
    super.open(guest, said);
    for (let thread = 0; thread < area.threads; thread++)
      this.platform.wake(thread + this.platform.firstDomid);
  }

  /** Whoever waits here goes on, where another thread has opened the gate. */
  look(): void {
    if (this.opened || !this.isOpen) return;
    this.opened = true;
    this.said = Atomics.load(this.platform.control, this.word + 1);
    for (const task of this.waiting) task.wake();
    this.waiting.length = 0;
  }
}
