import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import { THRESHOLDS } from '../../judge/claims/thresholds.js';

/** The sheet for programs, with every cell that an answer rests on and the thresholds used. */
export function claimsJson(sheet: AnswerSheet): string {
  return `${JSON.stringify({ ...sheet, thresholds: THRESHOLDS }, null, 2)}\n`;
}
