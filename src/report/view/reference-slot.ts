import { dimensionWord, own } from './labels.js';
import { formatParameter } from './quantity.js';
import { ranked, type Slot, slotsOf } from './standings.js';
import type { Sweep } from './sweep.js';

/** The sizes a reader asked to see; missing ones are chosen. Keys are dimensions, e.g. "ringSizeBytes". */
export type Focus = Readonly<Record<string, number>>;

/** What a reader most likely means by "the usual size": a 64 KiB ring, 4 KiB messages, 64 B round trips. */
const USUAL: Readonly<Record<string, number>> = { ringSizeBytes: 65_536, messageSizeBytes: 4096 };
const USUAL_MESSAGE: Readonly<Record<string, number>> = { 'ping-pong': 64, paced: 1024 };

/**
 * The slot from which headline figures are taken: where most transports meet, nearest to the focus or the usual size.
 * Undefined where no transport has a figure.
 */
export function referenceSlot(sweep: Sweep, focus: Focus = {}): Slot | undefined {
  const slots = slotsOf(sweep);
  const most = Math.max(0, ...slots.map((slot) => slot.points.size));
  const places = [...new Set(slots.map((slot) => slot.place))].sort((a, b) => a - b);
  const target = (key: string | undefined): number | undefined => {
    if (key === undefined) return undefined;
    const usual = key === 'messageSizeBytes' ? own(USUAL_MESSAGE, sweep.scenario) : undefined;
    return own(focus, key) ?? usual ?? own(USUAL, key) ?? places[places.length >> 1];
  };
  const x = target(sweep.xKey);
  const panel = target(sweep.panelKey);
  let best: Slot | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const slot of slots) {
    if (slot.points.size < most) continue;
    const distance = apart(slot.place, x) * apart(Number(slot.panel ?? 0), panel);
    if (distance < bestDistance) {
      best = slot;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many times apart two sizes are, 1 where there is nothing to compare. */
function apart(size: number, target: number | undefined): number {
  if (target === undefined || !(size > 0) || !(target > 0)) return 1;
  return Math.max(size / target, target / size);
}

/** "a 64 KiB ring", "4 KiB messages", "16 senders". */
export function placeText(key: string, value: number | string | boolean): string {
  const text = formatParameter(key, value);
  if (key === 'ringSizeBytes') return `${/^(8|1[18]\b)/.test(text) ? 'an' : 'a'} ${text} ring`;
  if (key === 'messageSizeBytes') return `${text} messages`;
  if (key === 'senders' || key === 'clients') {
    return `${text} ${value === 1 ? key.slice(0, -1) : key}`;
  }
  return `${dimensionWord(key)} ${text}`;
}

/** "a 16 KiB and a 32 KiB ring", "1 and 10 senders", "offered load 50.0 k/s and 500 k/s". */
export function placesText(key: string, from: number, to: number): string {
  const [first, second] = [placeText(key, from), placeText(key, to)];
  const figure = formatParameter(key, from);
  if (!first.endsWith(figure)) {
    return `${first.slice(0, first.indexOf(figure) + figure.length)} and ${second}`;
  }
  return `${first} and ${formatParameter(key, to)}`;
}

/** "a 64 KiB ring, 4 KiB messages": where a slot is, sizes that do not vary included. */
export function slotText(sweep: Sweep, slot: Slot): string {
  const parts: string[] = [];
  if (slot.place > 0) parts.push(placeText(sweep.xKey, slot.place));
  if (slot.panel !== undefined && sweep.panelKey !== undefined) {
    parts.push(placeText(sweep.panelKey, slot.panel));
  }
  const [best] = ranked(sweep, slot);
  const cell = best?.[1].cells[0];
  for (const key of ['ringSizeBytes', 'messageSizeBytes']) {
    const value = cell === undefined ? undefined : own(cell.parameters, key);
    if (value !== undefined && key !== sweep.xKey && key !== sweep.panelKey) {
      parts.push(placeText(key, value));
    }
  }
  if (slot.variant !== '') parts.push(slot.variant);
  return parts.join(', ');
}
