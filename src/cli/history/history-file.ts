import { appendFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../base/errors.js';
import type { HistoryEntry } from '../../judge/history/history-entry.js';
import { type History, historyLine, parseHistory } from '../../judge/history/history-text.js';
import { statIfThere } from '../../results/atomic-file.js';
import { fileFault } from '../../results/file-fault.js';

/** Reads a history; one that is not there is empty. Throws UserError. */
export function readHistory(path: string): History {
  try {
    if (statIfThere(path) === undefined) return { entries: [], soundBytes: 0, isOpen: false };
    return parseHistory(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
}

/** Reads a history that must be there. Throws UserError. */
export function readExistingHistory(path: string): readonly HistoryEntry[] {
  const { entries } = readHistory(path);
  if (entries.length > 0) return entries;
  throw new UserError(`there is no run in the history ${path}`, {
    where: '--file',
    remedy: 'add one: interdom history add RUN',
  });
}

/** Adds a line, after what a crash may have left of an earlier one is cut off. Throws UserError. */
export function appendHistory(path: string, history: History, entry: HistoryEntry): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const size = statIfThere(path)?.size ?? 0;
    if (size > history.soundBytes) truncateSync(path, history.soundBytes);
    appendFileSync(path, (history.isOpen ? '\n' : '') + historyLine(entry));
  } catch (cause) {
    throw fileFault('write', path, cause);
  }
}
