import type { Verdict } from '../contract.js';

/** The worst of several verdicts, with its reason: one invalid makes all invalid, one unknown keeps all from being valid. */
export function allOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return { verdict: 'unknown', reason: 'nothing was checked' };
  return (
    verdicts.find(({ verdict }) => verdict === 'invalid') ??
    verdicts.find(({ verdict }) => verdict === 'unknown') ?? { verdict: 'valid' }
  );
}
