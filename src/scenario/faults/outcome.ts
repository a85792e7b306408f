/**
 * What a protocol did under a fault, in one word: `outcome.finding` of a cell. From the best to the worst; where several
 * are true the worst is said, and the other fields of the outcome tell the rest.
 */
export const FINDINGS = [
  /** Everything that could be delivered was, and everybody who had to know was told. */
  'delivered',
  /** A survivor waits for a dead peer and is not told. */
  'peer untold',
  /** Work that does not need the dead one stands still, for ever or until a time-out. */
  'stalled',
  /** After the end something is still held that nobody can take back. */
  'leaked',
  /** A destroyed domain stays, because a peer holds its frames. */
  'zombie',
  /** A hostile peer changed what the victim got, within what they share. */
  'corrupted but contained',
  /** A hostile peer stopped the victim's domain. */
  'victim stopped',
  /** A domain read or wrote what was never shared with it. */
  'escaped',
] as const;
export type Finding = (typeof FINDINGS)[number];

/** The worst of several; `delivered` of none. */
export function worstFinding(findings: readonly Finding[]): Finding {
  return findings.reduce<Finding>(
    (worst, one) => (FINDINGS.indexOf(one) > FINDINGS.indexOf(worst) ? one : worst),
    'delivered',
  );
}
