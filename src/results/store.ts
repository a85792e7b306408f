import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { canonicalJson } from '../base/canonical-json.js';
import { invariant, UserError } from '../base/errors.js';
import { isJson } from '../base/is-json.js';
import { shellWord } from '../base/shell-word.js';
import {
  statIfThere,
  syncFile,
  syncFolder,
  writeFileAtomically,
  writeFully,
} from './atomic-file.js';
import { fileFault } from './file-fault.js';
import type { Cell, JournalHeader, ResultsFile } from './types.js';

/** V8 holds no longer string; a results file of this size has more cells than anybody reads. */
const LARGEST_RESULTS_BYTES = 512 * 1024 * 1024 - 24;

/**
 * The text of a results file in pieces: the fields in the order of the documentation, everything
 * inside them in canonical order, one cell a line. So equal results are equal bytes, and a
 * difference shows the cells that changed.
 */
export function* resultsText(results: ResultsFile): Generator<string> {
  yield `{\n"schemaVersion": ${results.schemaVersion},\n`;
  yield `"run": ${canonicalJson(results.run, 1)},\n"cells": [`;
  let separator = '\n';
  for (const cell of results.cells) {
    yield separator + canonicalJson(cell);
    separator = ',\n';
  }
  yield results.cells.length === 0 ? ']\n}\n' : '\n]\n}\n';
}

/**
 * Writes a results file, whole or not at all. Throws UserError with path and remedy when the system
 * refuses.
 */
export function writeResultsFile(path: string, results: ResultsFile): void {
  writeFileAtomically(path, resultsText(results));
}

/**
 * Reads and checks a results file. Throws UserError: unreadable, not JSON, not of this schema, and
 * where.
 */
export async function readResultsFile(path: string): Promise<ResultsFile> {
  const text = readBytes(path, LARGEST_RESULTS_BYTES).toString('utf8');
  if (looksLikeJournal(text)) {
    throw new UserError(`${path} is the journal of an unfinished run`, {
      where: path,
      remedy: `finish it first: interdom run --resume ${shellWord(path)}`,
    });
  }
  const { parseResults } = await import('./schema.js');
  return parseResults(text, path);
}

/** A first line that is JSON by itself and has a run but no cells. */
function looksLikeJournal(text: string): boolean {
  const end = text.indexOf('\n');
  if (end < 0 || !text.startsWith('{"')) return false;
  try {
    const first = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
    if (!('run' in first) || 'cells' in first) return false;
    // A line alone may be a results file that has lost its cells; that of a journal is not complete.
    const { complete } = Object(first['run']) as Record<string, unknown>;
    return end < text.length - 1 || complete === false;
  } catch {
    return false;
  }
}

/** What a journal holds. */
export interface Journal {
  readonly header: JournalHeader;
  readonly cells: readonly Cell[];
  /** The last line was cut off or damaged, as after a power loss; it is not among the cells. */
  readonly torn: boolean;
  /** Length of the sound part: where a continued run goes on writing. */
  readonly keptBytes: number;
}

/**
 * Reads the journal of a run that goes on, was interrupted, or broke off. Throws UserError for
 * anything worse than a torn end: no whole header, damage in the middle, the same cell twice.
 */
export async function readJournal(path: string): Promise<Journal> {
  const bytes = readBytes(path, Number.POSITIVE_INFINITY);
  const { parseCell, parseJournalHeader } = await import('./schema.js');
  let start = bytes.indexOf(NEWLINE) + 1;
  if (start === 0) {
    throw new UserError(`${path} has no whole first line, so nothing of the run was kept`, {
      where: path,
      remedy: 'remove it and start the run anew',
    });
  }
  const header = parseJournalHeader(bytes.toString('utf8', 0, start - 1), `${path}, line 1`);
  const cells: Cell[] = [];
  const lineOfId = new Map<string, number>();
  for (let line = 2; ; line++) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) break;
    const text = bytes.toString('utf8', start, end);
    if (end === bytes.length - 1 && !isJson(text)) break;
    const where = `${path}, line ${line}`;
    const cell = parseCell(text, where);
    const earlier = lineOfId.get(cell.id);
    if (earlier !== undefined) {
      throw new UserError(`the cell ${cell.id} stands in line ${earlier} already`, {
        where,
        remedy: 'two runs wrote into one journal: remove it and start anew',
      });
    }
    lineOfId.set(cell.id, line);
    cells.push(cell);
    start = end + 1;
  }
  return { header, cells, torn: start < bytes.length, keptBytes: start };
}

const NEWLINE = 0x0a;

function readBytes(path: string, most: number): Buffer {
  try {
    const size = statIfThere(path)?.size ?? 0;
    if (size > most) {
      throw new UserError(`${path} is too large: ${size} bytes`, {
        where: path,
        remedy: `split the run (--shard); at most ${most} bytes can be read`,
      });
    }
    return readFileSync(path);
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
}

/**
 * Keeps the cells of a run that goes on: a header line, then one line a cell, each written by one
 * call. After a crash of the process nothing appended is lost; after a power loss, nothing appended
 * before the last `sync`.
 * Invariant: between two calls the file ends with a whole line.
 */
export class JournalWriter {
  readonly path: string;
  private fd: number | undefined;
  /** Undefined for a device or pipe, where nothing can be taken back. */
  private soundBytes: number | undefined;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    const stats = fstatSync(fd);
    this.soundBytes = stats.isFile() ? stats.size : undefined;
  }

  /**
   * Starts a journal and makes its folder. Throws UserError if the file exists: it may hold what a
   * run left behind.
   */
  static create(path: string, header: JournalHeader): JournalWriter {
    let writer: JournalWriter;
    try {
      const existing = statIfThere(path);
      if (existing?.isFile() === true) {
        throw new UserError(`${path} exists already: an unfinished run left it`, {
          where: path,
          remedy: `continue that run (interdom run --resume ${shellWord(path)}), or remove the file`,
        });
      }
      if (existing === undefined) mkdirSync(dirname(path), { recursive: true });
      writer = new JournalWriter(path, openSync(path, existing === undefined ? 'ax' : 'a'));
    } catch (cause) {
      throw fileFault('write', path, cause);
    }
    try {
      writer.line(canonicalJson(header));
      writer.sync();
      syncFolder(dirname(path));
    } catch (cause) {
      writer.abandon();
      // A file without its first line would only stand in the way of the next attempt.
      if (writer.soundBytes !== undefined) rmSync(path, { force: true });
      throw cause;
    }
    return writer;
  }

  /**
   * Goes on with a journal that `readJournal` has read, cutting off its torn end. Throws UserError.
   */
  static resume(path: string, keptBytes: number): JournalWriter {
    try {
      truncateSync(path, keptBytes);
      return new JournalWriter(path, openSync(path, 'a'));
    } catch (cause) {
      throw fileFault('write', path, cause);
    }
  }

  /** Throws UserError when the system refuses (full disk); the cells before it stay readable. */
  append(cell: Cell): void {
    this.line(canonicalJson(cell));
  }

  /**
   * Brings what was appended to the disk; costs milliseconds, so once a second or so is often
   * enough.
   */
  sync(): void {
    try {
      syncFile(this.openFile());
    } catch (cause) {
      throw fileFault('write', this.path, cause);
    }
  }

  /** Syncs and closes. Does nothing the second time. */
  close(): void {
    if (this.fd === undefined) return;
    try {
      this.sync();
    } finally {
      this.abandon();
    }
  }

  private line(json: string): void {
    const fd = this.openFile();
    try {
      writeFully(fd, `${json}\n`);
    } catch (cause) {
      this.takeBack(fd);
      throw fileFault('write', this.path, cause);
    }
    if (this.soundBytes !== undefined) this.soundBytes += Buffer.byteLength(json) + 1;
  }

  private takeBack(fd: number): void {
    if (this.soundBytes === undefined) return;
    try {
      ftruncateSync(fd, this.soundBytes);
    } catch {
      // The torn line stays; readers know torn lines. The fault that brought us here is the one to
      // report.
    }
  }

  private abandon(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private openFile(): number {
    invariant(this.fd !== undefined, 'the journal is closed', { path: this.path });
    return this.fd;
  }
}
