import { grouped } from '../../base/grouped.js';
import type { ProfileRecord } from '../../results/types.js';
import type { Claim, ClaimVerdict } from './claim.js';
import type { ClaimCells } from './claim-cells.js';
import { CellIndex } from './claim-cells.js';
import { type CasesOfParts, combine, verdictOfCases } from './combine.js';
import { judgePart, type PartAnswer } from './judge-part.js';
import type { Observation } from './observation.js';
import { observe } from './observe.js';
import { type Robustness, robustnessOf } from './robustness.js';
import { typicalCases } from './typical-cases.js';

/** A claim, answered. */
export interface ClaimAnswer {
  readonly id: string;
  readonly title: string;
  readonly statement: string;
  readonly place: string;
  readonly supportedBy: string;
  readonly contradictedBy: string;
  readonly note?: string;
  readonly verdict: ClaimVerdict;
  /** Some question of which the answer should be made was not tested. */
  readonly inPart: boolean;
  /** What the answer depends on, in words; empty unless the verdict is "depends". */
  readonly dependsOn: readonly string[];
  readonly parts: readonly PartAnswer[];
  /** The verdict under each profile alone. */
  readonly profiles: readonly { readonly profile: string; readonly verdict: ClaimVerdict }[];
  /** The questions to which real Xen has an answer of its own; empty where no other testbed has been looked at. */
  readonly onRealXen: readonly PartAnswer[];
  /** Undefined without draws of the prices (`run --uncertainty N`). */
  readonly robustness?: Robustness;
}

/** All that is looked at for the claims, indexed once. */
export interface Evidence {
  readonly plain: CellIndex;
  readonly draws: ReadonlyMap<string, CellIndex>;
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
}

export function evidenceOf(cells: ClaimCells): Evidence {
  const draws = new Map<string, CellIndex>();
  for (const [key, own] of cells.draws) draws.set(key, new CellIndex(own));
  return { plain: new CellIndex(cells.plain), draws, profiles: cells.profiles };
}

/** Judges one claim by all the evidence there is. */
export function judgeClaim(claim: Claim, evidence: Evidence): ClaimAnswer {
  const { draws, profiles } = evidence;
  const look = (index: CellIndex, own: Evidence['profiles']): CasesOfParts =>
    claim.parts.map(({ test }) => observe(test, index, own));
  const drawn = new Map([...draws].map(([key, index]) => [key, look(index, {})] as const));
  const plain = withDrawn(claim, look(evidence.plain, profiles), drawn);
  const parts = claim.parts.map((part, i) => judgePart(part, plain[i] ?? []));
  const verdict = combine(claim, (i) => parts[i]?.verdict ?? 'not tested');
  const robustness = robustnessOf(claim, plain, drawn);
  const { id, title, statement, place, supportedBy, contradictedBy, note } = claim;
  return {
    id,
    title,
    statement,
    place,
    supportedBy,
    contradictedBy,
    ...(note === undefined ? {} : { note }),
    verdict,
    inPart: parts.some((part) => part.role !== 'context' && part.verdict === 'not tested'),
    dependsOn: verdict === 'depends' ? dependsOn(parts) : [],
    parts,
    profiles: byProfile(claim, plain),
    onRealXen: onRealXen(claim, plain),
    ...(robustness === undefined ? {} : { robustness }),
  };
}

/** Cases that were measured at drawn prices alone stand for themselves, in their middle. */
function withDrawn(
  claim: Claim,
  plain: CasesOfParts,
  drawn: ReadonlyMap<string, CasesOfParts>,
): CasesOfParts {
  if (drawn.size === 0) return plain;
  return claim.parts.map((_, i) => {
    const own = plain[i] ?? [];
    if (own.length > 0) return own;
    return typicalCases([...drawn.values()].map((cases) => cases[i] ?? []));
  });
}

function dependsOn(parts: readonly PartAnswer[]): readonly string[] {
  const deciding = parts.filter(
    ({ role, verdict }) => role !== 'context' && verdict !== 'not tested',
  );
  const differ = new Set(deciding.map(({ verdict }) => verdict)).size > 1;
  const within = deciding.flatMap(({ dependsOn: fields }) => fields.map(({ text }) => text));
  if (!differ) return within;
  const words = deciding.map(({ label, verdict }) => `${label}: ${verdict}`);
  return [words.join('; '), ...within];
}

function byProfile(claim: Claim, cases: CasesOfParts): ClaimAnswer['profiles'] {
  const names = new Set(cases.flat().map(({ at }) => String(at['profile'])));
  const parts = cases.map((own) => grouped(own, ({ at }) => at['profile']));
  return [...names].map((profile) => ({
    profile,
    verdict: verdictOfCases(
      claim,
      parts.map((own) => own.get(profile) ?? []),
    ),
  }));
}

const REAL_XEN = 'xen';

function onRealXen(claim: Claim, cases: CasesOfParts): readonly PartAnswer[] {
  const isReal = ({ at }: Observation): boolean => at['testbed'] === REAL_XEN;
  if (cases.flat().every(isReal)) return [];
  return claim.parts.flatMap((part, i) => {
    const own = (cases[i] ?? []).filter(isReal);
    return own.length === 0 ? [] : [judgePart(part, own)];
  });
}
