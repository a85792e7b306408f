import type { Claim } from '../../judge/claims/claim.js';
import { CLAIMS } from '../../judge/claims/claims-list.js';
import { wrapped } from '../text-table.js';
import type { Listing } from './list-things.js';

export function listClaims(): Listing {
  return {
    items: CLAIMS.map((claim) => ({ ...claim, name: claim.id })),
    header: ['claim', 'statement'],
    rows: CLAIMS.map(({ id, statement }) => [id, statement]),
    detail: (name, width) => detail(CLAIMS.find(({ id }) => id === name) as Claim, width),
  };
}

function detail(claim: Claim, width: number): string {
  const lines = [
    `${claim.id}: ${claim.title}`,
    `${claim.statement} (${claim.place})`,
    `Supported by ${claim.supportedBy}.`,
    `Contradicted by ${claim.contradictedBy}.`,
    ...claim.parts.map((part) => `- ${question(part)}`),
    ...(claim.note === undefined ? [] : [`Note: ${claim.note}`]),
  ];
  return `${lines.flatMap((line) => wrapped(line, Math.min(width, 100))).join('\n')}\n`;
}

function question({ label, role, test }: Claim['parts'][number]): string {
  const what = 'metric' in test ? `${test.metric}, ` : '';
  const bound = 'threshold' in test ? `: ${what}${test.threshold.words}` : '';
  return `${label}${bound}${role === 'context' ? ' (beside)' : ''}`;
}
