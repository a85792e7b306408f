import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.js';
import { shellWord } from '../../base/shell-word.js';
import type { Terminal } from '../terminal.js';
import type { Job } from './job.js';

/** Says how much of a run is done that did not come to its end, and how it goes on. */
export function complainOfUnfinished(terminal: Terminal, job: Job): void {
  const counts = `interdom: ${job.done.size} of ${job.plan.length} cells are done`;
  const { journalPath } = job.destination;
  terminal.complain(journalPath === undefined ? counts : `${counts}; ${wayOn(journalPath)}`);
}

/** A fault that ends a run, with the way to go on after it, where there is one. */
export function withJournal(error: unknown, { destination, done }: Job): unknown {
  const { journalPath } = destination;
  if (!(error instanceof UserError) || journalPath === undefined) return error;
  if (done.size === 0 || !existsSync(journalPath)) return error;
  const remedy = [error.remedy, wayOn(journalPath)].filter((part) => part !== undefined);
  return new UserError(error.message, {
    ...(error.where === undefined ? {} : { where: error.where }),
    remedy: remedy.join('; '),
    cause: error,
  });
}

function wayOn(journalPath: string): string {
  return `to go on: interdom run --resume ${shellWord(journalPath)}`;
}
