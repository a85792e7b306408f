import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../../base/errors.js';
import { DOM0_MODULES, GUEST_MODULES } from './initramfs.js';
import {
  DebianPackages,
  installLine,
  REQUIREMENTS,
  type Requirement,
  XEN_SERIES,
} from './packages.js';
import { findLibraries } from './shared-libraries.js';

/** Raised when the meaning of an image changes without any of its inputs changing. */
const FORMAT = 2;

const EMULATOR_PACKAGE = 'qemu-system-x86';
const TOOLS = ['xl', 'xenstored', 'xenconsoled', 'xen-init-dom0', 'xentrace'];
/** Xen's own relay of sockets between guests, to stand beside this project's: it need not be there. */
export const SOCKET_PROXY = 'vchan-socket-proxy';
/** Loaded at run time, through pthread_cancel: what watches xenstore aborts without it (`xl create`, vchan-socket-proxy). */
const RUNTIME_LIBRARIES = ['libgcc_s.so.1'];

export interface ImageOptions {
  /** Everything that is downloaded or built goes below this folder. */
  readonly cacheDirectory: string;
  /** This project's folder "guest". */
  readonly guestSourceDirectory: string;
  /** A hypervisor of the user's own (ELF, or gzip of it), in place of Debian's. */
  readonly hypervisorFile?: string;
  /** Its symbols ("ADDRESS TYPE NAME" lines, as nm writes), where it does not carry them itself. */
  readonly hypervisorSymbolsFile?: string;
  /** False on a real host, which needs no emulator. */
  readonly emulated?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Files from which an image is built, wherever they were found. */
export interface Inputs {
  readonly hypervisor: string;
  readonly symbols: string | undefined;
  readonly kernel: string;
  readonly modules: ReadonlyMap<string, string>;
  readonly tools: ReadonlyMap<string, string>;
  readonly libraries: ReadonlyMap<string, string>;
  /** Programs of Xen that guests have, and their libraries. */
  readonly guestTools: ReadonlyMap<string, string>;
  readonly guestLibraries: ReadonlyMap<string, string>;
  readonly busybox: string;
  readonly roots: readonly string[];
}

/** Finds all parts, downloading what may be. Throws UserError that names the line which installs what is missing. */
export async function collectInputs(options: ImageOptions): Promise<Inputs> {
  const packages = await DebianPackages.open(options);
  const own = options.hypervisorFile;
  const wanted = REQUIREMENTS.filter(
    (requirement) =>
      (own === undefined || !requirement.package.startsWith('xen-hypervisor')) &&
      (options.emulated !== false || requirement.package !== EMULATOR_PACKAGE),
  );
  const absent = wanted.filter((requirement) => !packages.isSatisfied(requirement));
  requireInstalled(absent);
  const kernelPackage = await packages.kernelPackage();
  const version = kernelPackage.replace('linux-image-', '').replace(/^unsigned-/, '');
  const kernelFile = `/boot/vmlinuz-${version}`;
  const download = absent.map((requirement) => requirement.package);
  if (packages.locate(kernelFile) === undefined) download.push(kernelPackage);
  await packages.unpack(download);
  for (const requirement of absent) {
    if (!packages.isSatisfied(requirement)) {
      throw new UserError(
        `package ${requirement.package} does not hold ${requirement.files.join(', ')}`,
        {
          remedy: `these parts are of Debian 12 (Xen ${XEN_SERIES}): use it, or a container of it`,
        },
      );
    }
  }
  const tools = new Map(
    TOOLS.map((name) => [name, must(packages, `/usr/lib/xen-${XEN_SERIES}/bin/${name}`)]),
  );
  const libraries = await collectLibraries(packages, [...tools.values()]);
  const proxy = packages.locate(`/usr/lib/xen-${XEN_SERIES}/bin/${SOCKET_PROXY}`);
  const guestTools = new Map(proxy === undefined ? [] : [[SOCKET_PROXY, proxy]]);
  const guestSearch = await findLibraries(
    [...guestTools.values()],
    RUNTIME_LIBRARIES,
    packages.fileRoots(),
  );
  const guestHasAll = guestTools.size > 0 && guestSearch.missing.length === 0;
  return {
    hypervisor: own ?? must(packages, `/boot/xen-${XEN_SERIES}-amd64.gz`),
    symbols: own === undefined ? undefined : options.hypervisorSymbolsFile,
    kernel: must(packages, kernelFile),
    modules: findModules(packages, version),
    tools,
    libraries,
    guestTools: guestHasAll ? guestTools : new Map(),
    guestLibraries: guestHasAll ? guestSearch.found : new Map(),
    busybox: must(packages, '/bin/busybox'),
    roots: packages.fileRoots(),
  };
}

/** What cannot be had without being installed must be there. Throws UserError with the line that installs all of it. */
export function requireInstalled(absent: readonly Requirement[]): void {
  const names = absent.filter(({ unpackable }) => !unpackable).map((one) => one.package);
  if (names.length === 0) return;
  throw new UserError(`the Xen testbed needs ${names.join(', ')}`, { remedy: installLine(names) });
}

function must(packages: DebianPackages, ...paths: readonly string[]): string {
  const file = packages.locate(...paths);
  if (file === undefined) throw new UserError(`${paths.join(' or ')} is not there`);
  return file;
}

/** Modules that the kernel does not have built in; which those are, the shell scripts find out. */
function findModules(packages: DebianPackages, version: string): Map<string, string> {
  const modules = new Map<string, string>();
  for (const name of new Set([...DOM0_MODULES, ...GUEST_MODULES])) {
    const folders = ['drivers/xen', 'drivers/xen/xenfs', 'drivers/firmware'];
    const file = packages.locate(
      ...folders.flatMap((folder) =>
        ['.ko', '.ko.xz'].map(
          (ending) => `/lib/modules/${version}/kernel/${folder}/${name}${ending}`,
        ),
      ),
    );
    if (file !== undefined) modules.set(`${name}.ko`, file);
  }
  return modules;
}

async function collectLibraries(
  packages: DebianPackages,
  tools: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  let search = await findLibraries(tools, RUNTIME_LIBRARIES, packages.fileRoots());
  if (search.missing.length > 0) {
    await packages.unpack(await packages.missingLibraryPackages([`xen-utils-${XEN_SERIES}`]));
    search = await findLibraries(tools, RUNTIME_LIBRARIES, packages.fileRoots());
  }
  if (search.missing.length > 0) {
    throw new UserError(`libraries of the toolstack are missing: ${search.missing.join(', ')}`, {
      remedy: installLine([`xen-utils-${XEN_SERIES}`]),
    });
  }
  return search.found;
}

/** Of everything that can change what is built: contents, not dates or places. */
export async function hashInputs(inputs: Inputs, guestSourceDirectory: string): Promise<string> {
  const hash = createHash('sha256').update(`format ${FORMAT}\n`);
  const add = async (name: string, file: string): Promise<void> => {
    const content = await readInput(file);
    hash.update(`${name} ${content.length}\n`).update(content);
  };
  await add('hypervisor', inputs.hypervisor);
  if (inputs.symbols !== undefined) await add('symbols', inputs.symbols);
  await add('kernel', inputs.kernel);
  await add('busybox', inputs.busybox);
  const { modules, tools, libraries, guestTools, guestLibraries } = inputs;
  for (const group of [modules, tools, libraries, guestTools, guestLibraries]) {
    for (const [name, file] of [...group].sort(([a], [b]) => (a < b ? -1 : 1)))
      await add(name, file);
  }
  for (const folder of ['agent', 'qemu-plugin', 'dom0']) {
    const names = (await readdir(join(guestSourceDirectory, folder))).sort();
    for (const name of names)
      await add(`${folder}/${name}`, join(guestSourceDirectory, folder, name));
  }
  return hash.digest('hex').slice(0, 16);
}

export async function readInput(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, {
      remedy: 'check the path and its permissions',
      cause: error,
    });
  }
}

/** Names and versions, for provenance. */
export function describeInputs(inputs: Inputs): Record<string, string> {
  return { hypervisor: packageOf(inputs.hypervisor), kernel: basename(inputs.kernel) };
}

/** "xen-hypervisor-4.17-amd64_4.17.7+13..._amd64" for a file that was unpacked, else the file's own name. */
function packageOf(file: string): string {
  return /\/packages\/([^/]+)\//.exec(file)?.[1] ?? basename(file);
}
