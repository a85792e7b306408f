import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { fileFault } from '../../results/file-fault.js';
import { readResultsFile } from '../../results/store.js';
import type { Cell, RunDescription } from '../../results/types.js';
import { isFailure } from '../../testbed/xen/planning.js';
import { referenceFolder } from '../xen/folders.js';

/** Counts of real Xen that were recorded. */
export interface Recorded {
  readonly cells: readonly Cell[];
  /** Cells in which something breaks: what became of it, in place of counts. */
  readonly breaking: readonly Cell[];
  readonly runs: readonly RunDescription[];
}

const XEN_TESTBED = 'xen';

/**
 * Reads recorded counts: the files that the user names, or those that come with the program. Cells of other testbeds in
 * them are left out. Throws UserError where a file cannot be read.
 */
export async function readRecorded(named: readonly string[] | undefined): Promise<Recorded> {
  const files = named ?? ownFiles();
  const cells: Cell[] = [];
  const breaking: Cell[] = [];
  const runs: RunDescription[] = [];
  for (const file of files) {
    const results = await readResultsFile(file);
    runs.push(results.run);
    for (const cell of results.cells) {
      if (cell.testbed === XEN_TESTBED) (isFailure(cell) ? breaking : cells).push(cell);
    }
  }
  if (named !== undefined && cells.length + breaking.length === 0) {
    throw new UserError('there is no cell of real Xen in it', {
      where: named.join(', '),
      remedy: 'name a results file of interdom run --testbed xen, or of results/reference/',
    });
  }
  return { cells, breaking, runs };
}

function ownFiles(): readonly string[] {
  const folder = referenceFolder();
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return []; // a package without them: there is nothing recorded, and the command says so
  }
}

/** One published transfer. Sizes in bytes. */
export interface PublishedTransfer {
  readonly transferBytes: number;
  readonly writeBytes: number;
  readonly ringBytes: number;
  readonly readerUs: number;
}

/** The published times of libvchan. Throws UserError where the file is there and cannot be read. */
export function readPublishedTransfers(): readonly PublishedTransfer[] {
  const path = join(referenceFolder(), 'published-libvchan-intranode.csv');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
  const [, ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [transferBytes = 0, writeBytes = 0, ringBytes = 0, readerUs = 0] = line
      .split(',')
      .map(Number);
    return { transferBytes, writeBytes, ringBytes, readerUs };
  });
}
