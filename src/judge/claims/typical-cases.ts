import { type Observation, placeKey } from './observation.js';

/** Each place once: with the middle figure of its draws, and for the statement if most draws are. */
export function typicalCases(draws: readonly (readonly Observation[])[]): readonly Observation[] {
  const byPlace = new Map<string, Observation[]>();
  for (const cases of draws) {
    for (const one of cases) {
      const key = placeKey(one.at);
      const own = byPlace.get(key);
      if (own === undefined) byPlace.set(key, [one]);
      else own.push(one);
    }
  }
  return [...byPlace.values()].map((own) => {
    const rising = [...own].sort((a, b) => a.figure.value - b.figure.value);
    const middle = rising[(rising.length - 1) >> 1] as Observation;
    const holding = own.filter(({ holds }) => holds).length;
    return { ...middle, holds: 2 * holding > own.length };
  });
}
