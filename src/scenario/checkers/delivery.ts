import type { Verdict } from '../contract.js';
import type { History } from '../faults/history.js';

/** What is known of one direction of a connection, beside its history. */
export interface FlowFate {
  readonly flow: string;
  /** The plan killed, stopped or cut off one of its ends: what was under way may be lost, its tail and nothing else. */
  readonly cutShort: boolean;
  /** A hostile end: whatever it did to its own connection is no fault of the measurement. */
  readonly hostile?: boolean;
}

/**
 * No message lost, doubled, swapped or spoilt. What was received must be what was sent, in that order, from the first on;
 * only where the plan cut the flow short may the end be missing.
 */
export function checkDelivery(history: History, fates: readonly FlowFate[]): Verdict {
  const known = new Map(fates.map((fate) => [fate.flow, fate]));
  for (const flow of history.flows()) {
    if (!known.has(flow)) return unknown(`nobody said what became of flow "${flow}"`);
  }
  for (const { flow, cutShort, hostile } of fates) {
    if (hostile === true) continue;
    const corrupt = history.events.find((e) => e.flow === flow && e.what === 'corrupt');
    if (corrupt !== undefined) return invalid(`"${flow}": bytes arrived that nobody sent`);
    const sent = history.indexes(flow, 'sent');
    const received = history.indexes(flow, 'received');
    const wrong = received.findIndex((index, place) => index !== place);
    if (wrong >= 0) {
      return invalid(`"${flow}": message ${received[wrong]} came in the place of message ${wrong}`);
    }
    // A sender that dies between the step that shows the message and its return does not know that it has sent.
    const announced = sent.length + (cutShort ? 1 : 0);
    if (received.length > announced) {
      return invalid(`"${flow}": ${received.length} messages came, ${sent.length} were sent`);
    }
    if (!cutShort && received.length < sent.length) {
      return invalid(`"${flow}": ${sent.length - received.length} messages were lost`);
    }
  }
  if (history.count('sent') === 0) return unknown('nothing was sent: there is nothing to judge');
  return { verdict: 'valid' };
}

/** Messages that the transport took and that never arrived, by the flow. */
export function lostMessages(history: History, flow: string): number {
  return Math.max(
    0,
    history.indexes(flow, 'sent').length - history.indexes(flow, 'received').length,
  );
}

/** Messages that arrived more than once. */
export function duplicatedMessages(history: History, flow: string): number {
  const received = history.indexes(flow, 'received');
  return received.length - new Set(received).size;
}

function invalid(reason: string): Verdict {
  return { verdict: 'invalid', reason };
}

function unknown(reason: string): Verdict {
  return { verdict: 'unknown', reason };
}
