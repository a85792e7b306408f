import type { Claim, ClaimVerdict } from './claim.js';
import { verdictOf } from './judge-part.js';
import type { Observation } from './observation.js';

/** The cases of each part, in the order of the parts. */
export type CasesOfParts = readonly (readonly Observation[])[];

/** The verdict of a claim from those of its parts. */
export function combine(
  { parts, conjunction }: Claim,
  verdict: (part: number) => ClaimVerdict,
): ClaimVerdict {
  const deciding = parts.map((part, i) => ({ part, verdict: verdict(i) }));
  if (deciding.some(({ part, verdict: v }) => part.role === 'needed' && v === 'not tested')) {
    return 'not tested';
  }
  const words = deciding
    .filter(({ part, verdict: v }) => part.role !== 'context' && v !== 'not tested')
    .map(({ verdict: v }) => v);
  const first = words[0];
  if (first === undefined) return 'not tested';
  if (conjunction === true && words.includes('contradicted')) return 'contradicted';
  return words.every((word) => word === first) ? first : 'depends';
}

/** The verdict of a claim from the cases of its parts. */
export function verdictOfCases(claim: Claim, cases: CasesOfParts): ClaimVerdict {
  return combine(claim, (i) => verdictOf(cases[i] ?? [], claim.parts[i]?.quantifier ?? 'general'));
}
