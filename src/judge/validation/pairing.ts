import { formatBytes } from '../../base/units.js';
import type { Cell } from '../../results/types.js';

/** One point at which cells of several testbeds meet. */
export interface Meeting {
  readonly key: string;
  readonly model: Cell;
  readonly recorded?: Cell;
  readonly fresh?: Cell;
}

/** What makes cells of different testbeds the same work. Messages are not among it: counts are by message. */
const SAME: readonly string[] = [
  'ringSizeBytes',
  'messageSizeBytes',
  'guestType',
  'grantMode',
  'placement',
];

export function meetingKey(cell: Cell): string {
  return JSON.stringify([
    cell.transport,
    cell.scenario,
    ...SAME.map((name) => cell.parameters[name] ?? null),
  ]);
}

/** Puts cells of the model and of real Xen together. Those of the model alone are left out. */
export function meetings(
  model: readonly Cell[],
  recorded: readonly Cell[],
  fresh: readonly Cell[],
): Meeting[] {
  const recordedByKey = byKey(recorded);
  const freshByKey = byKey(fresh);
  const met: Meeting[] = [];
  for (const [key, cell] of byKey(model)) {
    const old = recordedByKey.get(key);
    const now = freshByKey.get(key);
    if (old === undefined && now === undefined) continue;
    met.push({
      key,
      model: cell,
      ...(old === undefined ? {} : { recorded: old }),
      ...(now === undefined ? {} : { fresh: now }),
    });
  }
  return met;
}

function byKey(cells: readonly Cell[]): ReadonlyMap<string, Cell> {
  return new Map(cells.map((cell) => [meetingKey(cell), cell]));
}

/** "libvchan ping-pong, pvh, ring 4 KiB, message 64 B" */
export function meetingLabel({ transport, scenario, parameters }: Cell): string {
  const size = (name: string): string => {
    const value = parameters[name];
    return typeof value === 'number' ? formatBytes(value) : '?';
  };
  const { grantMode, placement, guestType } = parameters as Readonly<Record<string, string>>;
  return [
    `${transport} ${scenario}`,
    String(guestType ?? '?'),
    ...(grantMode === 'persistent' || grantMode === undefined ? [] : [grantMode]),
    ...(scenario === 'bare-grants' ? [] : [`ring ${size('ringSizeBytes')}`]),
    `message ${size('messageSizeBytes')}`,
    ...(placement === 'shared' || placement === undefined ? [] : [`${placement} pCPUs`]),
  ].join(', ');
}
