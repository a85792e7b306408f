import { basename } from 'node:path';
import { CpioArchive } from './cpio.js';
import { DYNAMIC_LINKER } from './shared-libraries.js';

/** What goes into the first file systems of the domains; all contents already read. */
export interface InitramfsParts {
  readonly busybox: Buffer;
  readonly agent: Buffer;
  /** Kernel modules by file name, such as "xen-gntdev.ko". */
  readonly modules: ReadonlyMap<string, Buffer>;
  /** Scripts of guest/dom0 by file name. */
  readonly scripts: ReadonlyMap<string, Buffer>;
  /** Programs of Xen by file name. */
  readonly tools: ReadonlyMap<string, Buffer>;
  /** The shared libraries that they need, by the name under which they are asked for. */
  readonly libraries: ReadonlyMap<string, Buffer>;
}

export interface Dom0Parts extends InitramfsParts {
  readonly guestKernel: Buffer;
  readonly guestInitramfs: Buffer;
}

export const DOM0_MODULES = [
  'xen-privcmd',
  'xen-evtchn',
  'xen-gntdev',
  'xen-gntalloc',
  'xenfs',
  'qemu_fw_cfg',
] as const;

export const GUEST_MODULES = ['xen-evtchn', 'xen-gntdev', 'xen-gntalloc', 'xen-privcmd'] as const;

/** A guest's file system: a shell, the agent, the modules for event channels and grants, and programs of Xen for guests. */
export function guestInitramfs(parts: InitramfsParts): Buffer {
  const archive = new CpioArchive();
  addBase(archive, parts, GUEST_MODULES);
  archive.addFile('bin/interdom-agent', parts.agent, 0o755);
  addTools(archive, parts, 'bin');
  archive.addFile('init', script(parts, 'guest-init'), 0o755);
  return archive.toBuffer();
}

/** dom0's file system: Xen's toolstack, and the guests' kernel and file system. */
export function dom0Initramfs(parts: Dom0Parts): Buffer {
  const archive = new CpioArchive();
  addBase(archive, parts, DOM0_MODULES);
  for (const folder of [
    'var/lib/xen',
    'var/lib/xenstored',
    'var/log/xen/console',
    'var/lock',
    'run/xen',
    'run/xenstored',
  ]) {
    archive.addDirectory(folder);
  }
  archive.addSymlink('var/run', '/run');
  archive.addFile('etc/xen/xl.conf', 'autoballoon="off"\nvif.default.script="none"\n');
  addTools(archive, parts, 'usr/lib/xen/bin');
  archive.addFile('interdom/interdom-agent', parts.agent, 0o755);
  for (const name of ['testbed.sh', 'failure.sh', 'proxy.sh'])
    archive.addFile(`interdom/${name}`, script(parts, name));
  archive.addFile('interdom/vmlinux', parts.guestKernel);
  archive.addFile('interdom/guest.cpio', parts.guestInitramfs);
  archive.addFile('init', script(parts, 'init'), 0o755);
  return archive.toBuffer();
}

function addBase(archive: CpioArchive, parts: InitramfsParts, modules: readonly string[]): void {
  for (const folder of ['dev', 'proc', 'sys', 'tmp']) archive.addDirectory(folder);
  archive.addFile('bin/busybox', parts.busybox, 0o755);
  for (const name of modules) {
    const content = parts.modules.get(`${name}.ko`);
    if (content !== undefined) archive.addFile(`modules/${name}.ko`, content);
  }
}

function addTools(archive: CpioArchive, parts: InitramfsParts, folder: string): void {
  for (const [name, content] of parts.tools) archive.addFile(`${folder}/${name}`, content, 0o755);
  for (const [name, content] of parts.libraries) {
    const place = name === DYNAMIC_LINKER ? 'lib64' : 'lib/x86_64-linux-gnu';
    archive.addFile(`${place}/${basename(name)}`, content, 0o755);
  }
}

function script(parts: InitramfsParts, name: string): Buffer {
  const content = parts.scripts.get(name);
  if (content === undefined)
    throw new Error(`guest/dom0/${name} is missing from this installation`);
  return content;
}
