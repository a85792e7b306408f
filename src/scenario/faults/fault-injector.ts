import { InvariantViolation } from '../../base/errors.js';
import type { EventTarget } from '../../sim/event-queue.js';
import type { TraceKind, TraceObserver } from '../../sim/trace.js';
import type { TransportDriver } from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import type { Installation } from '../../transport/installation.js';
import type { Fault, FaultAction, FaultPlan, StepKind } from './fault-plan.js';

/** A fault that has been carried out. */
export interface CarriedOut {
  readonly fault: Fault;
  readonly atPs: number;
}

/** A fault that waits for the n-th step of a kind. */
interface Awaited {
  readonly index: number;
  readonly kind: StepKind | 'any';
  readonly domid: number | undefined;
  left: number;
}

/**
 * Carries out a fault plan. Without a plan, or where no fault waits for a step, the machine has no observer and runs as
 * fast as ever.
 */
export class FaultInjector implements EventTarget, TraceObserver {
  readonly carriedOut: CarriedOut[] = [];
  /** Steps seen, of all kinds, while a fault waits for one or `countSteps` was asked for. */
  steps = 0;
  private readonly awaited: Awaited[] = [];
  private counting = false;

  constructor(
    private readonly installation: Installation,
    private readonly driver: TransportDriver,
    private readonly plan: FaultPlan,
  ) {
    const { queue, now } = installation.machine;
    plan.forEach(({ when }, index) => {
      if ('atPs' in when) queue.push(Math.max(now, when.atPs), this, index);
      else if ('step' in when && when.mark === undefined) this.await(index);
    });
  }

  /** Counts the steps of a run from now on: how many crash points it has. */
  countSteps(): void {
    this.counting = true;
    this.installation.machine.trace.observer = this;
  }

  /** The scenario has come to a point for which faults may wait. @param timePs the moment, now or later */
  mark(name: string, timePs: number): void {
    this.plan.forEach(({ when }, index) => {
      if ('atPs' in when || when.mark !== name) return;
      if ('step' in when) this.await(index);
      else this.installation.machine.queue.push(timePs + (when.laterPs ?? 0), this, index);
    });
  }

  /** Moment at which an action was first carried out; undefined where it was not. */
  timeOf(action: FaultAction['do']): number | undefined {
    return this.carriedOut.find(({ fault }) => fault.action.do === action)?.atPs;
  }

  fire(timePs: number, index: number): void {
    this.carryOut(index, timePs);
  }

  step(kind: TraceKind, timePs: number, domid: number): void {
    this.stepped(kind, timePs, domid);
  }

  sharedWrite(timePs: number, domid: number): void {
    this.stepped('shared-write', timePs, domid);
  }

  private stepped(kind: StepKind, timePs: number, domid: number): void {
    this.steps++;
    for (const wait of this.awaited) {
      if (wait.kind !== 'any' && wait.kind !== kind) continue;
      if (wait.domid !== undefined && wait.domid !== domid) continue;
      if (--wait.left === 0) this.reached(wait, timePs, domid);
    }
  }

  private await(index: number): void {
    const { when } = this.fault(index);
    if (!('step' in when)) return;
    const domid = when.of === undefined ? undefined : this.guest(when.of).domid;
    this.awaited.push({ index, kind: when.step, domid, left: when.nth });
    this.installation.machine.trace.observer = this;
  }

  private reached(wait: Awaited, timePs: number, domid: number): void {
    this.awaited.splice(this.awaited.indexOf(wait), 1);
    const { machine } = this.installation;
    if (this.awaited.length === 0 && !this.counting) machine.trace.observer = undefined;
    const { action } = this.fault(wait.index);
    const executing = machine.executing?.domain.domid;
    // Its own step: it dies in the middle. Another's: Xen finishes that step first.
    const inTheMiddle =
      (action.do === 'crash' && domid === executing && this.guest(action.guest).domid === domid) ||
      (action.do === 'kill' && executing === this.installation.dom0.domid);
    if (inTheMiddle) this.carryOut(wait.index, timePs);
    else machine.queue.push(Math.max(machine.now, timePs), this, wait.index);
  }

  private carryOut(index: number, atPs: number): void {
    const fault = this.fault(index);
    this.carriedOut.push({ fault, atPs });
    const { action } = fault;
    switch (action.do) {
      case 'crash':
        this.guest(action.guest).domain.crash('the fault plan says so');
        break;
      case 'hang':
        this.guest(action.guest).domain.pause();
        break;
      case 'go-on':
        this.guest(action.guest).domain.unpause();
        break;
      case 'suspend':
        this.guest(action.guest).domain.shutdown('suspend');
        break;
      case 'resume':
        this.guest(action.guest).domain.resume();
        break;
      case 'destroy':
        this.installation.destroy(this.guest(action.guest).domain);
        break;
      case 'kill':
        if (action.service === 'xenstored') this.installation.xenstored.kill();
        else this.driver.broker?.(this.installation.machine).kill();
        break;
      case 'restart':
        if (action.service === 'broker') this.driver.broker?.(this.installation.machine).restart();
        break;
    }
  }

  private fault(index: number): Fault {
    const fault = this.plan[index];
    if (fault === undefined) throw new InvariantViolation('no such fault in the plan', { index });
    return fault;
  }

  private guest(index: number): Guest {
    return this.installation.guest(index);
  }
}
