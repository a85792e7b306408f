import type { Claim, ClaimVerdict } from './claim.js';
import { type CasesOfParts, verdictOfCases } from './combine.js';
import type { Figure } from './figure.js';
import { verdictOf } from './judge-part.js';
import { type Observation, placeKey } from './observation.js';

/** How far an answer survives the ranges of the prices. */
export interface Robustness {
  readonly draws: number;
  /** Draws whose verdict is another than the one at the profiles' own prices. */
  readonly flips: number;
  /** The probability that the verdict flips, with its 95 % interval (Wilson). */
  readonly probability: number;
  readonly interval: readonly [low: number, high: number];
  /** How often each verdict came out. */
  readonly verdicts: Readonly<Partial<Record<ClaimVerdict, number>>>;
  /** Draws in which the answer to one question is another: "depends" alone would hide it. */
  readonly parts: readonly { readonly label: string; readonly flips: number }[];
  /** Questions with cases that no draw measured, under the profiles of which prices were drawn. */
  readonly undrawn: readonly {
    readonly label: string;
    readonly cases: number;
    readonly of: number;
  }[];
  /** The middle figure of the first deciding part, over the draws: least, middle, most. */
  readonly figures?: readonly [Figure, Figure, Figure];
}

/**
 * Judges each draw by itself, against the verdict from the same cases at the profiles' own prices
 * (or, where those were not measured, at the middle of the draws). The draws are paired: within
 * one, all transports have the same prices. Undefined where no draw tells anything.
 */
export function robustnessOf(
  claim: Claim,
  plain: CasesOfParts,
  drawn: ReadonlyMap<string, CasesOfParts>,
): Robustness | undefined {
  const verdicts: Partial<Record<ClaimVerdict, number>> = {};
  const middles: Figure[] = [];
  let draws = 0;
  let flips = 0;
  const partFlips = claim.parts.map(() => 0);
  const deciding = claim.parts.findIndex(({ role }) => role !== 'context');
  for (const cases of drawn.values()) {
    const [own, others] = [sameCases(cases, plain), sameCases(plain, cases)];
    const verdict = verdictOfCases(claim, own);
    const reference = verdictOfCases(claim, others);
    if (verdict === 'not tested' || reference === 'not tested') continue;
    draws++;
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict !== reference) flips++;
    claim.parts.forEach(({ quantifier }, i) => {
      const [mine, its] = [own[i] ?? [], others[i] ?? []];
      if (verdictOf(mine, quantifier) !== verdictOf(its, quantifier)) {
        partFlips[i] = (partFlips[i] ?? 0) + 1;
      }
    });
    const middle = middleFigure(own[deciding] ?? []);
    if (middle !== undefined) middles.push(middle);
  }
  if (draws === 0) return undefined;
  const rising = middles.sort((a, b) => a.value - b.value);
  const [least, middle, most] = [rising[0], rising[(rising.length - 1) >> 1], rising.at(-1)];
  return {
    draws,
    flips,
    probability: flips / draws,
    interval: wilson(flips, draws),
    verdicts,
    parts: claim.parts.map(({ label }, i) => ({ label, flips: partFlips[i] ?? 0 })),
    undrawn: undrawnParts(claim, plain, [...drawn.values()]),
    ...(least && middle && most ? { figures: [least, middle, most] } : {}),
  };
}

function undrawnParts(
  { parts }: Claim,
  plain: CasesOfParts,
  drawn: readonly CasesOfParts[],
): Robustness['undrawn'] {
  const profiles = new Set(drawn.flat(2).map(({ at }) => at['profile']));
  return parts.flatMap(({ label }, i) => {
    const places = new Set(drawn.flatMap((cases) => cases[i] ?? []).map(({ at }) => placeKey(at)));
    const own = (plain[i] ?? []).filter(({ at }) => profiles.has(at['profile']));
    const missing = own.filter(({ at }) => !places.has(placeKey(at))).length;
    return missing === 0 ? [] : [{ label, cases: missing, of: own.length }];
  });
}

/** Those of the cases that stand in the other list too, part by part. */
function sameCases(cases: CasesOfParts, others: CasesOfParts): CasesOfParts {
  return cases.map((own, i) => {
    const keys = new Set((others[i] ?? []).map(({ at }) => placeKey(at)));
    return own.filter(({ at }) => keys.has(placeKey(at)));
  });
}

function middleFigure(cases: readonly Observation[]): Figure | undefined {
  const rising = [...cases].sort((a, b) => a.figure.value - b.figure.value);
  return rising[(rising.length - 1) >> 1]?.figure;
}

/** 1.96 standard deviations hold 95 % of a normal distribution. */
const Z = 1.96;

/** Wilson's interval of a share. Good for few draws, and for shares of nothing and all. */
function wilson(hits: number, of: number): readonly [number, number] {
  const share = hits / of;
  const z2 = Z * Z;
  const centre = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z / (1 + z2 / of)) * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
