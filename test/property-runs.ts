/** How much longer a property is looked for by `npm run test:long`. */
const TIMES = Number(process.env['INTERDOM_PROPERTY_TIMES'] ?? 1);

/**
 * Where the cases of a property begin. `npm test` looks at the same ones each time: whether a change may land must not
 * depend on luck. `npm run test:long` looks at others each time, and says at which.
 */
const SEED = Number(process.env['INTERDOM_PROPERTY_SEED'] ?? 2012);

/** Runs of a property: so many in `npm test`, and many times that, of other cases, in `npm run test:long`. */
export function runs(normally: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: normally * TIMES, seed: SEED };
}
