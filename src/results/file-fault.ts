import { UserError } from '../base/errors.js';

const REASONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'free some space, or name another place'],
  EDQUOT: ['the disk quota is used up', 'free some space, or name another place'],
  EFBIG: ['the file would be larger than is allowed here', 'name another place, or split the run'],
  EACCES: ['permission is denied', 'name a place that you may use'],
  EPERM: ['permission is denied', 'name a place that you may use'],
  EROFS: ['the file system is read-only', 'name another place'],
  ENOENT: ['it does not exist', 'check the path'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'check the path'],
  EEXIST: ['a part of the path is a file, not a folder', 'check the path'],
  EISDIR: ['it is a folder', 'name a file'],
  ENAMETOOLONG: ['the name is too long', 'name a shorter path'],
  ELOOP: ['its links go in a circle', 'check the path'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) or use fewer --jobs'],
  EIO: ['the device reports an error', 'look into the system log'],
};

/**
 * Turns an error of the operating system into a UserError that names the path, the reason and a
 * remedy. Anything else comes back as it is: it is a fault of the program.
 * @param action what could not be done, e.g. "write"
 */
export function fileFault(action: string, path: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === undefined || (cause as NodeJS.ErrnoException).syscall === undefined) return cause;
  const [what, remedy] = REASONS[code] ?? [cause.message, 'check the path'];
  return new UserError(`cannot ${action} ${path}: ${what} (${code})`, {
    where: path,
    remedy,
    cause,
  });
}
