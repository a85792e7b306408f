/** Picoseconds of a clock that never goes back. */
export function monotonicPs(): number {
  return Number(process.hrtime.bigint()) * 1000;
}

/** The same, in milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
