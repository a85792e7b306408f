import { InvariantViolation, invariant } from '../../../base/errors.js';

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SYMLINK = 0o120000;

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/**
 * A cpio archive in the "newc" format, which Linux unpacks as its first file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Owner is root, times are zero and inode numbers count up, so equal content gives equal bytes
 * and no privilege is needed to make one. Parent directories are added by themselves.
 */
export class CpioArchive {
  private readonly entries = new Map<string, Entry>();

  /** @param path as in the guest, with or without the leading slash */
  addDirectory(path: string): void {
    const name = normalized(path);
    if (name === '' || this.entries.get(name)?.mode === (DIRECTORY | 0o755)) return;
    this.add(name, DIRECTORY | 0o755, Buffer.alloc(0));
  }

  addFile(path: string, content: Buffer | string, mode = 0o644): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.add(normalized(path), REGULAR | (mode & 0o7777), bytes);
  }

  /** @param target what the link says; not checked to exist */
  addSymlink(path: string, target: string): void {
    this.add(normalized(path), SYMLINK | 0o777, Buffer.from(target));
  }

  has(path: string): boolean {
    return this.entries.has(normalized(path));
  }

  toBuffer(): Buffer {
    const parts: Buffer[] = [];
    let inode = 1;
    for (const entry of this.entries.values()) {
      parts.push(...encoded(entry.path, entry.mode, inode++, entry.content));
    }
    parts.push(...encoded('TRAILER!!!', 0, 0, Buffer.alloc(0)));
    return Buffer.concat(parts);
  }

  private add(path: string, mode: number, content: Buffer): void {
    invariant(path !== '', 'cpio entry without a name');
    invariant(!this.entries.has(path), 'cpio entry added twice', { path });
    const slash = path.lastIndexOf('/');
    if (slash > 0) this.addParents(path.slice(0, slash));
    this.entries.set(path, { path, mode, content });
  }

  private addParents(path: string): void {
    const existing = this.entries.get(path);
    // A file may stand below a link to a directory: the link must come first, and it does.
    if (existing !== undefined) {
      if ((existing.mode & 0o170000) === REGULAR) {
        throw new InvariantViolation('cpio entry below a file', { path });
      }
      return;
    }
    this.addDirectory(path);
  }
}

/** Header, name and content, each padded to four bytes. */
function encoded(path: string, mode: number, inode: number, content: Buffer): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = (mode & 0o170000) === DIRECTORY ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(
    `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('')}`,
  );
  return [header, name, padding(header.length + name.length), content, padding(content.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function normalized(path: string): string {
  return path.replace(/^\/+/, '').replace(/\/+$/, '');
}
