import type { Cell } from './types.js';

/** What must be said wherever figures of an emulated machine are shown. */
export const EMULATION_NOTE =
  'Cells of the testbed xen ran in an emulated machine: what they count repeats exactly on one saved machine, and within ' +
  '2 % on machines booted apart; nothing in them is a time of hardware, and pathLengthInstructions is a number of ' +
  'instructions.';

/** Whether real Xen carried this cell out in an emulated machine. A metric of such a cell is named for what it is. */
export function isEmulated({ testbed, metrics }: Pick<Cell, 'testbed' | 'metrics'>): boolean {
  return testbed === 'xen' && Object.hasOwn(metrics, 'pathLengthInstructions');
}

/** The note, where one of these cells is such a one. */
export function emulationNote(
  cells: Iterable<Pick<Cell, 'testbed' | 'metrics'>>,
): string | undefined {
  for (const cell of cells) if (isEmulated(cell)) return EMULATION_NOTE;
  return undefined;
}
