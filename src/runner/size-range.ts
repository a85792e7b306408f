import { UserError } from '../base/errors.js';
import { parseSize } from '../base/units.js';

/** Ranges beyond this double only by mistake. */
const LARGEST = 1_099_511_627_776;

/**
 * Reads "4096", "4k" or "4k..1m"; a range is every power of two in it, ends included. Throws
 * UserError.
 */
export function parseSizes(text: string, where: string): readonly number[] {
  const ends = text.split('..');
  if (ends.length === 1) return [parseSize(text, where)];
  const [low, high] = ends.map((end) => parseSize(end, where)) as [number, number];
  const remedy = 'write the smaller end first: 4k..1m';
  if (ends.length > 2) throw new UserError(`"${text}" is not a range`, { where, remedy });
  if (low > high) throw new UserError(`the range "${text}" runs backwards`, { where, remedy });
  const sizes: number[] = [];
  for (let size = 1; size <= Math.min(high, LARGEST); size *= 2) if (size >= low) sizes.push(size);
  if (sizes.length === 0) {
    throw new UserError(`no power of two lies in the range "${text}"`, {
      where,
      remedy: 'give the sizes one by one: 5k,6k,7k',
    });
  }
  return sizes;
}
