import { dimensionValue, type ReportCell } from './report-data.js';

/** Parameters that repeat a measurement instead of changing it: seeds, and draws of the prices. */
export const REPLICATE_KEYS: readonly string[] = ['seed', 'draw', 'priceDraw', 'uncertaintyDraw'];

/** Names one repetition, so that transports are compared on the same seed and the same prices. */
export function replicateId(cell: ReportCell): string {
  return REPLICATE_KEYS.map((key) => String(dimensionValue(cell, key) ?? '')).join('/');
}

/** True where cells differ in their prices, and so show how far a conclusion survives wrong ones. */
export function hasPriceDraws(cells: readonly ReportCell[]): boolean {
  const draws = REPLICATE_KEYS.filter((key) => key !== 'seed');
  return draws.some(
    (key) => new Set(cells.map((cell) => dimensionValue(cell, key) ?? '')).size > 1,
  );
}
