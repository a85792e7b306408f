import type { ModelStep } from '../../testbed/model/trace-cell.js';

/**
 * Leaves of each conversation with xenstored what it is about: that a request was made, and that something came without
 * one (a watch). How a request travels - an event to dom0, the guest's sleep, dom0's upcall, an event back - is the same
 * every time, and a connection through a broker makes forty of them.
 */
export function withoutXenbus(steps: readonly ModelStep[]): ModelStep[] {
  const kept: ModelStep[] = [];
  /** Guests that wait for xenstored, and those whom its event is about to wake. */
  const waiting = new Set<number>();
  const woken = new Set<number>();
  for (const [index, step] of steps.entries()) {
    const { domid, kind, b } = step;
    if (kind === 'xenstore') {
      kept.push(step);
    } else if (domid === 0) {
      if (kind !== 'event-send') continue; // dom0's own work
      woken.add(b);
      if (!waiting.delete(b)) kept.push(step);
    } else if (kind === 'event-send' && b === 0) {
      waiting.add(domid);
    } else if (isSendTo(0, steps, index)) {
      // The event that follows says it.
    } else if (woken.has(domid) && (kind === 'wake' || kind === 'upcall')) {
      if (kind === 'upcall') woken.delete(domid);
    } else if (!(waiting.has(domid) && isSleep(step))) {
      kept.push(step);
    }
  }
  return kept;
}

function isSleep({ kind, what }: ModelStep): boolean {
  return kind === 'block' || what === 'hlt' || what === 'sched_block';
}

/** A hypercall of which this domain is told next. */
function isSendTo(domid: number, steps: readonly ModelStep[], index: number): boolean {
  const step = steps[index] as ModelStep;
  if (step.kind !== 'hypercall' || step.what !== 'evtchn_send') return false;
  const next = steps.slice(index + 1).find((later) => later.domid === step.domid);
  return next?.kind === 'event-send' && next.b === domid;
}
