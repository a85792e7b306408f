import type { Cell } from '../../results/types.js';

/** What a protocol did under a fault, in the words of the failure scenarios. */
export const OUTCOME_WORDS = [
  'delivered',
  'stalled',
  'peer untold',
  'zombie',
  'leaked',
  'corrupted but contained',
  'victim stopped',
  'escaped',
] as const;

export type OutcomeWord = (typeof OUTCOME_WORDS)[number];

/** Those of a connection that did not do what it is for, or left something behind. */
export const TROUBLE: readonly OutcomeWord[] = [
  'stalled',
  'peer untold',
  'zombie',
  'leaked',
  'escaped',
];

/**
 * The outcome words of a cell, whichever fields they stand in: as a value ("zombie", or several
 * joined by commas), or as the name of a field that is true or above zero.
 */
export function outcomeWords(cell: Pick<Cell, 'outcome'>): ReadonlySet<OutcomeWord> {
  const found = new Set<OutcomeWord>();
  for (const [name, value] of Object.entries(cell.outcome ?? {})) {
    if (typeof value === 'string') {
      for (const text of value.split(/[,;+]/)) add(text);
    } else if (value === true || (typeof value === 'number' && value > 0)) add(name);
  }
  return found;

  function add(text: string): void {
    const plain = text
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replace(/[-_\s]+/g, ' ')
      .trim()
      .toLowerCase();
    const word = OUTCOME_WORDS.find((one) => one === plain);
    if (word !== undefined) found.add(word);
  }
}
