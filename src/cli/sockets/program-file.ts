import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { UserError } from '../../base/errors.js';
import { readSegments } from '../../testbed/xen/image/elf.js';
import { findInPath, isExecutable } from '../find-in-path.js';
import type { Environment } from '../terminal.js';

const PT_INTERP = 3;
/** Headers of a program lie at its beginning. */
const HEAD_BYTES = 65_536;
const ELF = 0x7f454c46;
const SCRIPT = '#!';
const SET_ID = 0o6000;
/** A script whose interpreter is a script, and so on: Linux follows so many. */
const MOST_SCRIPTS = 5;

/**
 * Finds a program as a shell does, and makes sure that a preload library works in it. Throws UserError for what is not found, is
 * linked statically, or runs with rights of its own.
 */
export function findProgram(name: string, environment: Environment, depth = 0): string {
  const path = name.includes('/') ? name : findInPath(name, environment);
  if (path === undefined || !isExecutable(path)) {
    throw new UserError(`there is no program ${name}`, {
      where: 'interdom exec',
      remedy: 'name one that is found in PATH, or a path',
    });
  }
  const head = readHead(path);
  if (head.subarray(0, 2).toString('latin1') === SCRIPT && depth < MOST_SCRIPTS) {
    findProgram(interpreterOf(head), environment, depth + 1);
    return path;
  }
  if ((statSync(path).mode & SET_ID) !== 0)
    throw cannot(path, 'it runs with rights of its own (setuid)');
  if (head.length < 64 || head.readUInt32BE(0) !== ELF) throw cannot(path, 'it is no ELF file');
  if (head[4] !== 2) throw cannot(path, 'it is not of 64 bits, as the preload library is');
  // Only the segment table is read, which lies at the beginning: sizes of segments are those of the file.
  const segments = readSegments(
    Buffer.concat([head], Math.max(head.length, statSync(path).size)),
    path,
  );
  if (!segments.some(({ type }) => type === PT_INTERP)) {
    throw cannot(path, 'it is linked statically: no dynamic linker loads anything into it');
  }
  return path;
}

function cannot(path: string, why: string): UserError {
  return new UserError(`${path} cannot be interposed: ${why}`, {
    where: 'interdom exec',
    remedy: 'use interdom tunnel, and let the program connect to its address',
  });
}

function readHead(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** The program behind "#!"; of "/usr/bin/env NAME", NAME. */
function interpreterOf(head: Buffer): string {
  const words = head.toString('utf8', SCRIPT.length).split('\n', 1)[0]?.trim().split(/\s+/) ?? [];
  const [first = '', second] = words;
  return first.endsWith('/env') && second !== undefined && !second.startsWith('-') ? second : first;
}
