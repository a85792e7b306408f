import type { ReportCell } from './report-data.js';

/** What is said wherever a time or a rate of real Xen stands. */
export const TIMES_UNDER_EMULATION =
  'real Xen ran under emulation: its times and rates are path length, each instruction taking a fixed time, and no times of hardware';

/** Units in which time has a part. */
const TIMED: readonly string[] = ['ns', 'B/s', '1/s', 'ns/B'];

/** True where figures of this unit from these cells are no hardware's. */
export function timesAreEmulated({
  unit,
  cells,
}: {
  readonly unit: string;
  readonly cells: readonly ReportCell[];
}): boolean {
  return TIMED.includes(unit) && cells.some((cell) => cell.testbed === 'xen');
}
