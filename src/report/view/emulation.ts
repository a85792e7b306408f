import { emulationNote } from '../../results/emulated.js';
import type { ReportCell } from './report-data.js';

/** What must be said of cells of an emulated machine, for the notes of a figure: the stop at its end is theirs. */
export function emulationRemark(cells: readonly ReportCell[]): string | undefined {
  return emulationNote(cells)?.replace(/\.$/, '');
}
