import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import { fileFault } from './file-fault.js';

/** Pieces are gathered to blocks of this size: few system calls, little memory. */
const BLOCK_CHARACTERS = 1 << 20;
const MOST_TEMPORARIES = 100;

/**
 * Writes a file so that readers find the old one or the new one, whole, whatever happens: into a
 * temporary file of the same folder, to the disk, then renamed. A missing folder is made. A device
 * or pipe is written directly, since renaming over /dev/null would replace the device. Throws
 * UserError when the system refuses; whatever is thrown, also by `pieces`, the temporary file is
 * removed.
 */
export function writeFileAtomically(path: string, pieces: Iterable<string>): void {
  try {
    const existing = statIfThere(path);
    if (existing?.isDirectory() === true) {
      throw new UserError(`cannot write ${path}: it is a folder`, {
        where: path,
        remedy: 'name a file in it',
      });
    }
    if (existing !== undefined && !existing.isFile()) {
      writeThrough(openSync(path, 'w'), pieces);
      return;
    }
    // Through a symbolic link to the file itself, so that the link stays one.
    const target = existing === undefined ? path : realpathSync(path);
    replaceFile(target, existing?.mode, pieces);
  } catch (cause) {
    throw fileFault('write', path, cause);
  }
}

function replaceFile(target: string, mode: number | undefined, pieces: Iterable<string>): void {
  mkdirSync(dirname(target), { recursive: true });
  const { fd, temporary } = openTemporary(target, mode);
  try {
    writeThrough(fd, pieces);
    renameSync(temporary, target);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
  syncFolder(dirname(target));
}

/** Numbered, not random: a crash leaves at most a few behind, and `wx` keeps two writers apart. */
function openTemporary(
  target: string,
  mode: number | undefined,
): { fd: number; temporary: string } {
  for (let number = 0; ; number++) {
    const temporary = join(dirname(target), `.${basename(target)}.${number}.tmp`);
    try {
      return { fd: openSync(temporary, 'wx', (mode ?? 0o666) & 0o777), temporary };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      if (number >= MOST_TEMPORARIES) {
        throw new UserError(`${MOST_TEMPORARIES} unfinished copies of ${target} are in the way`, {
          where: target,
          remedy: `remove ${temporary} and its like`,
          cause,
        });
      }
    }
  }
}

function writeThrough(fd: number, pieces: Iterable<string>): void {
  try {
    let block = '';
    for (const piece of pieces) {
      block += piece;
      if (block.length < BLOCK_CHARACTERS) continue;
      writeFully(fd, block);
      block = '';
    }
    writeFully(fd, block);
    syncFile(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * One call may take a part only (a full disk, a pipe): goes on until all is written or the system
 * refuses.
 */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** To the disk. Devices and pipes have none: EINVAL from them is no fault. */
export function syncFile(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw cause;
  }
}

/**
 * So that the new name survives a power loss, too. Not every system can sync a folder, and the
 * content is safe anyhow.
 */
export function syncFolder(path: string): void {
  try {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The rename has happened; only its durability is unknown.
  }
}

export function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
