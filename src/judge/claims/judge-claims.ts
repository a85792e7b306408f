import { unknownName } from '../../base/did-you-mean.js';
import type { ResultsFile } from '../../results/types.js';
import { type ChoiceRow, choices } from './choice.js';
import { gatherCells } from './claim-cells.js';
import { CLAIMS } from './claims-list.js';
import { type ClaimAnswer, evidenceOf, judgeClaim } from './judge-claim.js';
import { KNOWN_BESIDES } from './needs.js';

/** The answer sheet: every claim judged, and who should use which. */
export interface AnswerSheet {
  readonly runs: readonly {
    readonly id: string;
    readonly version: string;
    readonly commit: string;
    readonly suite: string;
    readonly complete: boolean;
  }[];
  readonly profiles: readonly string[];
  readonly testbeds: readonly string[];
  /** Valid cells that were looked at. */
  readonly cells: number;
  /** Cells whose measurement was not sound, and which say nothing. */
  readonly unsound: number;
  readonly draws: number;
  /** Profiles within whose ranges prices were drawn. */
  readonly drawnProfiles: readonly string[];
  readonly answers: readonly ClaimAnswer[];
  /** Empty where claims were asked for that the table is no part of. */
  readonly choices: readonly ChoiceRow[];
  readonly knownBesides: readonly string[];
}

/**
 * Judges the claims of the V4V proposal by the cells of some runs. Pure: the same files give the
 * same sheet.
 * @param only ids of claims; all where none is named
 * @throws UserError for an id that no claim has
 */
export function judgeClaims(
  runs: readonly ResultsFile[],
  only: readonly string[] = [],
): AnswerSheet {
  const known = CLAIMS.map(({ id }) => id);
  for (const id of only) {
    if (!known.includes(id)) throw unknownName('a claim', id, known, '--only');
  }
  const cells = gatherCells(runs);
  const evidence = evidenceOf(cells);
  const looked = cells.plain.length > 0 ? cells.plain : [...cells.draws.values()].flat();
  const valid = looked.filter(({ verdict }) => verdict === 'valid');
  const wanted = CLAIMS.filter(({ id }) => only.length === 0 || only.includes(id));
  const withChoices = wanted.some(({ parts }) => parts.some(({ test }) => test.kind === 'leads'));
  const worlds = cells.plain.length > 0 ? [evidence.plain] : [...evidence.draws.values()];
  return {
    runs: runs.map(({ run: { id, version, commit, suite, complete } }) => ({
      id,
      version,
      commit,
      suite,
      complete,
    })),
    profiles: [...new Set(valid.map(({ profile }) => profile))],
    testbeds: [...new Set(valid.map(({ testbed }) => testbed))],
    cells: valid.length,
    unsound: cells.unsound,
    draws: cells.draws.size,
    drawnProfiles: [...new Set([...cells.draws.values()].flat().map(({ profile }) => profile))],
    answers: wanted.map((claim) => judgeClaim(claim, evidence)),
    choices: withChoices ? choices(worlds) : [],
    knownBesides: withChoices ? KNOWN_BESIDES : [],
  };
}
