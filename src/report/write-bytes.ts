import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import { fileFault } from '../results/file-fault.js';

/** Makes the folder of a report. Throws UserError where the system refuses or a file is in the way. */
export function makeReportFolder(path: string): void {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isDirectory()) {
      throw new UserError(`cannot write a report to ${path}: it is a file`, {
        where: path,
        remedy: 'name a folder',
      });
    }
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw fileFault('write', path, cause);
  }
}

/** Writes a binary file whole or not at all, through a temporary one beside it. Throws UserError. */
export function writeBytesAtomically(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    const fd = openSync(temporary, 'w');
    try {
      writeFileSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw fileFault('write', path, cause);
  }
}
