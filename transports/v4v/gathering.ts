import { BLOCKED, ORDER, type Process } from '../../src/sim/process.js';
import { AGAIN, WOULD_BLOCK } from '../../src/transport/contract.js';
import { PAGE_SIZE } from '../../src/xen/memory.js';
import type { Task } from '../../src/xen/task.js';
import type { SocketParts } from './stream.js';

/** How long gathered bytes wait for more, in picoseconds. */
const LONGEST_WAIT_PS = 100_000_000;

/**
 * The coalescing writer: small writes of a stream are gathered in kernel memory and sent as one message. Fewer
 * hypercalls for one more copy. Bytes that are not followed by more go after 100 us, as with a corked socket.
 */
export class Gathering {
  private readonly buffer: number;
  private readonly pages: number;
  private gathered = 0;
  /** Bytes that the write in progress has put into the buffer. */
  private taken = 0;
  private isSendingAll = false;
  private flusher: Task | undefined;
  private hasEnded = false;

  constructor(
    private readonly parts: Pick<SocketParts, 'guest' | 'driver' | 'sender' | 'connection'>,
    private readonly data: number,
    private readonly capacity: number,
  ) {
    this.pages = Math.ceil(capacity / PAGE_SIZE);
    this.buffer = parts.driver.takeBuffer(this.pages);
  }

  /**
   * Takes as much of a write as there is room for. A write that would fill the buffer alone goes past it.
   *
   * @param piece how much of the write one message can carry
   */
  write(address: number, length: number, piece: number): number {
    const { guest, sender } = this.parts;
    if (this.taken === 0) {
      if (this.gathered === 0 && length >= this.capacity) {
        return sender.send(address, piece, this.data);
      }
      if (this.gathered === this.capacity) {
        const flushed = this.flush();
        if (flushed < 0) return flushed;
      }
      guest.vcpu.kernel.enterSystemCall();
      this.taken = Math.min(length, this.capacity - this.gathered);
      guest.memory.copy(this.buffer + this.gathered, address, this.taken);
      this.gathered += this.taken;
      guest.vcpu.kernel.leaveSystemCall();
    }
    if (this.gathered === this.capacity) {
      // Where there is no room the bytes stay here, and the next write finds that out.
      if (this.flush() === AGAIN) return AGAIN;
    }
    if (this.gathered > 0) this.wakeFlusher();
    const { taken } = this;
    this.taken = 0;
    return taken;
  }

  /** Sends what is gathered. Returns 0 when nothing is left, or the outcome that stopped it. */
  flush(): number {
    // A send of somebody else that is interrupted comes first; it has nothing to do with what is gathered.
    if (this.gathered === 0 || (this.parts.sender.isSending && !this.isSendingAll)) return 0;
    this.isSendingAll = true;
    const outcome = this.parts.sender.send(this.buffer, this.gathered, this.data);
    if (outcome === AGAIN) return AGAIN;
    this.isSendingAll = false;
    if (outcome === WOULD_BLOCK) return WOULD_BLOCK;
    this.gathered = 0;
    return Math.min(outcome, 0);
  }

  /** The socket is closed. */
  end(): void {
    this.hasEnded = true;
    this.flusher?.wake();
    this.parts.driver.giveBuffer(this.buffer, this.pages);
  }

  private wakeFlusher(): void {
    if (this.flusher === undefined) {
      this.flusher = this.parts.guest.vcpu.spawn('v4v: delayed bytes', this.sendDelayed());
    } else if (this.flusher.waitingFor === IDLE_REASON) {
      this.flusher.wake();
    }
  }

  /** A kernel thread: sends on what nobody has filled up. */
  private *sendDelayed(): Process<void> {
    const { vcpu } = this.parts.guest;
    while (!this.hasEnded) {
      if (this.gathered === 0) {
        (vcpu.currentTask as Task).block(IDLE_REASON);
        yield BLOCKED;
        continue;
      }
      yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + LONGEST_WAIT_PS);
      while (!this.hasEnded && this.flush() === AGAIN) yield ORDER;
    }
  }
}

const IDLE_REASON = 'v4v: bytes to send on';
