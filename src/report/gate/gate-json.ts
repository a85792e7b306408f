import { canonicalJson } from '../../base/canonical-json.js';
import type { Finding, Judgement } from '../../judge/gate/finding.js';

/** Raised when a field changes its meaning or goes. */
export const JUDGEMENT_VERSION = 1;

/** The judgement for programs: all findings, the worst first. */
export function renderGateJson(judgement: Judgement): string {
  const { cellIds, ...rest } = judgement;
  return `${canonicalJson(
    {
      judgementVersion: JUDGEMENT_VERSION,
      ...rest,
      cells: cellIds.length,
      causes: judgement.causes.map(({ worst, ...cause }) => ({ ...cause, worst: plain(worst) })),
      findings: judgement.findings.map(plain),
      ignored: judgement.ignored.map(plain),
    },
    1,
  )}\n`;
}

/** JSON has no infinity: a figure that was 0 is worse by no part of it, and a ratio may be beyond all numbers. */
function plain({ worse, evidence, ...finding }: Finding): Record<string, unknown> {
  const isSound =
    evidence !== undefined && [evidence.ratio, ...evidence.interval].every(Number.isFinite);
  return {
    ...finding,
    ...(Number.isFinite(worse) ? { worse } : {}),
    ...(isSound ? { evidence } : {}),
  };
}
