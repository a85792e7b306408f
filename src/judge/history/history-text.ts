import { canonicalJson } from '../../base/canonical-json.js';
import { UserError } from '../../base/errors.js';
import { isJson } from '../../base/is-json.js';
import type { HistoryEntry, HistoryFigure } from './history-entry.js';

/** One line, with its end. */
export function historyLine(entry: HistoryEntry): string {
  return `${canonicalJson(entry)}\n`;
}

/** What a history holds. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  /** Bytes up to the end of the last whole entry: where the next one belongs. */
  readonly soundBytes: number;
  /** The last entry has no line end, as editors leave it: the next one needs one before it. */
  readonly isOpen: boolean;
}

/**
 * Reads a history. A last line that was cut off is what a crash left of it: it is not among the
 * entries. Throws UserError, with the line, for anything else that is no entry.
 * @param where path, for messages
 */
export function parseHistory(text: string, where: string): History {
  const end = text.lastIndexOf('\n') + 1;
  const entries: HistoryEntry[] = [];
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  lines.forEach((line, i) => {
    entries.push(parseEntry(line, `${where}, line ${i + 1}`));
  });
  const rest = text.slice(end);
  const isOpen = rest.trim() !== '' && isJson(rest);
  if (isOpen) entries.push(parseEntry(rest, `${where}, line ${lines.length + 1}`));
  return { entries, soundBytes: Buffer.byteLength(isOpen ? text : text.slice(0, end)), isOpen };
}

function parseEntry(line: string, where: string): HistoryEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new UserError('the line is not JSON', { where, remedy: 'restore the file', cause });
  }
  if (!isObject(value)) throw fault('the line is no entry of a history', where);
  const { historyVersion, cells, metrics } = value;
  if (historyVersion !== 1) {
    throw fault(`it has history version ${String(historyVersion)}, and this interdom has 1`, where);
  }
  for (const name of ['runId', 'startedAt', 'commit', 'version', 'hostClass']) {
    if (typeof value[name] !== 'string') throw fault(`"${name}" is no text`, where);
  }
  if (!isObject(metrics)) throw fault('"metrics" is no object', where);
  for (const [name, kind] of Object.entries(metrics)) {
    const isSound =
      isObject(kind) &&
      typeof kind['unit'] === 'string' &&
      ['lower', 'higher', 'none'].includes(String(kind['better']));
    if (!isSound) throw fault(`the metric ${name} has no unit or better side`, where);
  }
  if (!isObject(cells)) throw fault('"cells" is no object', where);
  for (const [cell, figures] of Object.entries(cells)) {
    if (!isObject(figures)) throw fault(`the figures of ${cell} are no object`, where);
    for (const [metric, figure] of Object.entries(figures)) {
      if (!isFigure(figure)) throw fault(`${cell}:${metric} is no figure`, where);
    }
  }
  return value as unknown as HistoryEntry;
}

function isFigure(value: unknown): value is HistoryFigure {
  return Number.isFinite(value) || (isObject(value) && Number.isFinite(value['sampled']));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(what: string, where: string): UserError {
  return new UserError(what, { where, remedy: 'give a file that interdom history has written' });
}
