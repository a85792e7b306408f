import { PS_PER_S } from '../../base/units.js';
import { BLOCKED, ORDER, type Process } from '../../sim/process.js';
import type { Machine } from '../../xen/machine.js';
import type { Task } from '../../xen/task.js';
import type { Guest } from '../guest.js';

/** How those who wait pass the time. */
export interface PollingStyle {
  /** Time between two looks. Whole picoseconds, at least 1. */
  readonly stepPs: number;
  /** What the time is spent on: a cause of the attribution. */
  readonly cause: number;
}

/** What one waits for. */
export interface Awaited {
  /** In words, for when nothing can go on. */
  readonly reason: string;
  /** Whether it has come about, as seen at a moment. */
  isThere(timePs: number): boolean;
  /** When it will have come about at the latest, where that is already certain; else Infinity. */
  certainPs(): number;
  /** Whether it may come about before that moment. */
  readonly mayComeEarlier: boolean;
}

/** A cell in which a look has found nothing for so long cannot go on: it shall be seen to stand still. */
const PATIENCE_PS = PS_PER_S / 10;

/**
 * Waiting without an interrupt: looking again and again in virtual time. The looks between two events of the machine
 * cannot find anything new, so they are charged and not carried out.
 *
 * Whoever has looked in vain for a tenth of a second (or when nothing at all is going to happen) blocks as any process would, so that a
 * machine on which nothing can go on comes to rest.
 */
export class Polling {
  /** Who looks again and again, not just at the moment at which something is certain to come. */
  private readonly lookers = new Set<Task>();
  private sleepers: Task[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly style: PollingStyle,
  ) {}

  /** Waits until something has come about. */
  *wait(guest: Guest, awaited: Awaited): Process<void> {
    const { vcpu } = guest;
    const { pcpu } = vcpu;
    const task = vcpu.currentTask as Task;
    let sincePs = pcpu.clock;
    for (;;) {
      while (guest.isAhead()) yield ORDER;
      if (awaited.isThere(pcpu.clock)) break;
      const certainPs = awaited.certainPs();
      const isCertain = certainPs !== Number.POSITIVE_INFINITY;
      if (isCertain && !awaited.mayComeEarlier) {
        this.lookers.delete(task);
        pcpu.charge(this.style.cause, certainPs - pcpu.clock);
        continue;
      }
      this.lookers.add(task);
      const untilPs = Math.min(certainPs, this.nextLookPs(pcpu.clock, sincePs));
      if (!isCertain && untilPs - sincePs > PATIENCE_PS) {
        this.lookers.delete(task);
        this.sleepers.push(task);
        task.block(awaited.reason);
        yield BLOCKED;
        sincePs = pcpu.clock;
        continue;
      }
      const { cause, stepPs } = this.style;
      const looks = Math.max(1, Math.ceil((untilPs - pcpu.clock) / stepPs));
      pcpu.charge(cause, looks * stepPs);
    }
    this.lookers.delete(task);
  }

  /** Something has changed at a moment: those who have given up look again. */
  changed(timePs: number): void {
    if (this.sleepers.length === 0) return;
    for (const task of this.sleepers) task.vcpu.kernel.wakeAt(timePs, task);
    this.sleepers = [];
  }

  /**
   * When a look may find something new: after the machine's next event. Where others look, too, and that event may be
   * one of their looks, the time between looks grows with the time waited: else they would leap over each other for ever.
   */
  private nextLookPs(nowPs: number, sincePs: number): number {
    const afterEventPs = this.machine.queue.nextTime + 1;
    const others = this.lookers.size - 1;
    return others <= 0 ? afterEventPs : Math.max(afterEventPs, nowPs + (nowPs - sincePs) / 8);
  }
}
