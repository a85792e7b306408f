/** How much longer a property is looked for by `npm run test:long`. */
const TIMES = Number(process.env['INTERDOM_PROPERTY_TIMES'] ?? 1);

/**
 * Runs of a property: so many in `npm test`, and many times that in `npm run test:long`, which carries out the property
 * tests once more for that.
 */
export function runs(normally: number): { readonly numRuns: number } {
  return { numRuns: normally * TIMES };
}
