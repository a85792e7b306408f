import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../../../base/errors.js';
import { runCommand } from '../process/command.js';
import { compileAgent, compilePlugin } from './compile.js';
import { DOM0_MODULES, dom0Initramfs, GUEST_MODULES, guestInitramfs } from './initramfs.js';
import { extractKernel } from './kernel.js';
import { DebianPackages, installLine, REQUIREMENTS, XEN_SERIES } from './packages.js';
import { findLibraries } from './shared-libraries.js';

/** Raised when the meaning of an image changes without any of its inputs changing. */
const FORMAT = 1;

/** A word of Argo's option on the command line: it is in the hypervisor if and only if Argo is. */
const ARGO_OPTION = 'mac-permissive';

const TOOLS = ['xl', 'xenstored', 'xenconsoled', 'xen-init-dom0', 'xentrace'];
/** Loaded by libxl at run time, through pthread_cancel: `xl create` aborts without it. */
const RUNTIME_LIBRARIES = ['libgcc_s.so.1'];

export interface ImageOptions {
  /** Everything that is downloaded or built goes below this folder. */
  readonly cacheDirectory: string;
  /** This project's folder "guest". */
  readonly guestSourceDirectory: string;
  /** A hypervisor of the user's own (ELF, or gzip of it), in place of Debian's. */
  readonly hypervisorFile?: string;
  /** Its symbols ("ADDRESS TYPE NAME" lines, as nm writes); without them Xen's functions are not counted. */
  readonly hypervisorSymbolsFile?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** All that the emulated machine boots from. */
export interface XenImage {
  readonly directory: string;
  /** Of all inputs: the same hash, the same image. */
  readonly hash: string;
  readonly hypervisor: string;
  readonly kernel: string;
  readonly dom0Initramfs: string;
  readonly guestInitramfs: string;
  readonly agent: string;
  readonly plugin: string;
  /** Undefined where the hypervisor came without symbols. */
  readonly symbols: string | undefined;
  /** Whether the hypervisor has Argo, which V4V needs. Distributions' have not. */
  readonly hasArgo: boolean;
  /** Names and versions, for provenance. */
  readonly contents: Readonly<Record<string, string>>;
}

interface Inputs {
  readonly hypervisor: string;
  readonly symbols: string | undefined;
  readonly kernel: string;
  readonly modules: ReadonlyMap<string, string>;
  readonly tools: ReadonlyMap<string, string>;
  readonly libraries: ReadonlyMap<string, string>;
  readonly busybox: string;
  readonly roots: readonly string[];
}

const OUTPUTS = {
  hypervisor: 'xen.elf',
  kernel: 'vmlinux',
  dom0Initramfs: 'dom0.cpio',
  guestInitramfs: 'guest.cpio',
  agent: 'interdom-agent',
  plugin: 'count.so',
  symbols: 'xen-syms.map',
} as const;

/**
 * The image, built if need be: parts are found or downloaded, and everything is made anew only where an input changed.
 * Throws UserError where a part cannot be had, naming the one line that installs what is missing.
 */
export async function prepareImage(options: ImageOptions): Promise<XenImage> {
  const packages = await DebianPackages.open(options);
  const inputs = await collectInputs(packages, options);
  const hash = await hashInputs(inputs, options.guestSourceDirectory);
  const directory = join(options.cacheDirectory, `image-${hash}`);
  if (!(await isSound(directory))) {
    options.onProgress?.('building the image');
    await build(directory, inputs, options);
  }
  return {
    directory,
    hash,
    hypervisor: join(directory, OUTPUTS.hypervisor),
    kernel: join(directory, OUTPUTS.kernel),
    dom0Initramfs: join(directory, OUTPUTS.dom0Initramfs),
    guestInitramfs: join(directory, OUTPUTS.guestInitramfs),
    agent: join(directory, OUTPUTS.agent),
    plugin: join(directory, OUTPUTS.plugin),
    symbols: inputs.symbols === undefined ? undefined : join(directory, OUTPUTS.symbols),
    hasArgo: (await readFile(join(directory, OUTPUTS.hypervisor))).includes(ARGO_OPTION),
    contents: describeInputs(inputs),
  };
}

async function collectInputs(packages: DebianPackages, options: ImageOptions): Promise<Inputs> {
  const own = options.hypervisorFile;
  const wanted = REQUIREMENTS.filter(
    (requirement) => own === undefined || !requirement.package.startsWith('xen-hypervisor'),
  );
  const absent = wanted.filter((requirement) => !packages.isSatisfied(requirement));
  const uninstallable = absent.filter((requirement) => !requirement.unpackable);
  if (uninstallable.length > 0) {
    const names = uninstallable.map((requirement) => requirement.package);
    throw new UserError(`the Xen testbed needs ${names.join(', ')}`, {
      remedy: installLine(names),
    });
  }
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
  return {
    hypervisor: own ?? must(packages, `/boot/xen-${XEN_SERIES}-amd64.gz`),
    symbols:
      own === undefined
        ? must(packages, `/usr/lib/debug/boot/xen-syms-${XEN_SERIES}-amd64.map`)
        : options.hypervisorSymbolsFile,
    kernel: must(packages, kernelFile),
    modules: findModules(packages, version),
    tools,
    libraries: await collectLibraries(packages, [...tools.values()]),
    busybox: must(packages, '/bin/busybox'),
    roots: packages.fileRoots(),
  };
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
async function hashInputs(inputs: Inputs, guestSourceDirectory: string): Promise<string> {
  const hash = createHash('sha256').update(`format ${FORMAT}\n`);
  const add = async (name: string, file: string): Promise<void> => {
    const content = await readInput(file);
    hash.update(`${name} ${content.length}\n`).update(content);
  };
  await add('hypervisor', inputs.hypervisor);
  if (inputs.symbols !== undefined) await add('symbols', inputs.symbols);
  await add('kernel', inputs.kernel);
  await add('busybox', inputs.busybox);
  for (const group of [inputs.modules, inputs.tools, inputs.libraries]) {
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

async function readInput(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, {
      remedy: 'check the path and its permissions',
      cause: error,
    });
  }
}

async function build(directory: string, inputs: Inputs, options: ImageOptions): Promise<void> {
  await mkdir(options.cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(options.cacheDirectory, '.image-'));
  try {
    const compile = {
      sourceDirectory: options.guestSourceDirectory,
      roots: inputs.roots,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    await compileAgent(join(work, OUTPUTS.agent), compile);
    await compilePlugin(join(work, OUTPUTS.plugin), compile);
    const kernel = await extractKernel(
      await readFile(inputs.kernel),
      inputs.kernel,
      options.signal,
    );
    const parts = {
      busybox: await readFile(inputs.busybox),
      agent: await readFile(join(work, OUTPUTS.agent)),
      modules: await readModules(inputs.modules, options.signal),
      scripts: await readFolder(join(options.guestSourceDirectory, 'dom0')),
    };
    const guest = guestInitramfs(parts);
    const dom0 = dom0Initramfs({
      ...parts,
      tools: await readAll(inputs.tools),
      libraries: await readAll(inputs.libraries),
      guestKernel: kernel,
      guestInitramfs: guest,
    });
    await writeFile(join(work, OUTPUTS.hypervisor), await readHypervisor(inputs.hypervisor));
    await writeFile(join(work, OUTPUTS.kernel), kernel);
    await writeFile(join(work, OUTPUTS.guestInitramfs), guest);
    await writeFile(join(work, OUTPUTS.dom0Initramfs), dom0);
    if (inputs.symbols !== undefined) {
      await writeFile(join(work, OUTPUTS.symbols), await readFile(inputs.symbols));
    }
    await writeFile(join(work, 'manifest.json'), JSON.stringify(await hashOutputs(work), null, 1));
    await rm(directory, { recursive: true, force: true });
    await rename(work, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new UserError('the disk is full', {
        where: options.cacheDirectory,
        remedy: 'free about 500 MiB, or choose another cache folder',
        cause: error,
      });
    }
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function readHypervisor(file: string): Promise<Buffer> {
  const content = await readInput(file);
  const elf = content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content;
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) {
    throw new UserError('not a hypervisor: neither an ELF file nor gzip of one', {
      where: file,
      remedy: 'give xen.gz or xen as the build of Xen leaves it (not xen.efi)',
    });
  }
  return elf;
}

async function readModules(
  files: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Buffer>> {
  const modules = new Map<string, Buffer>();
  for (const [name, file] of files) {
    const content = await readFile(file);
    const packed = file.endsWith('.xz');
    modules.set(name, packed ? await unpackXz(content, signal) : content);
  }
  return modules;
}

async function unpackXz(content: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
  const result = await runCommand('xz', ['-dc'], {
    input: content,
    timeoutMs: 30_000,
    ...(signal === undefined ? {} : { signal }),
  });
  return result.stdout;
}

async function readAll(files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const [name, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    contents.set(name, await readFile(file));
  }
  return contents;
}

async function readFolder(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const name of (await readdir(directory)).sort()) {
    contents.set(name, await readFile(join(directory, name)));
  }
  return contents;
}

async function hashOutputs(directory: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of (await readdir(directory))
    .filter((entry) => entry !== 'manifest.json')
    .sort()) {
    const content = await readFile(join(directory, name));
    hashes[name] = createHash('sha256').update(content).digest('hex');
  }
  return hashes;
}

/** Is there a finished image whose files are what they were when it was built? */
async function isSound(directory: string): Promise<boolean> {
  const manifest = join(directory, 'manifest.json');
  if (!existsSync(manifest)) return false;
  try {
    const expected = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, string>;
    const actual = await hashOutputs(directory);
    return JSON.stringify(expected) === JSON.stringify(actual);
  } catch {
    return false; // damaged: it is built anew
  }
}

function describeInputs(inputs: Inputs): Record<string, string> {
  return { hypervisor: packageOf(inputs.hypervisor), kernel: basename(inputs.kernel) };
}

/** "xen-hypervisor-4.17-amd64_4.17.7+13..._amd64" for a file that was unpacked, else the file's own name. */
function packageOf(file: string): string {
  return /\/packages\/([^/]+)\//.exec(file)?.[1] ?? basename(file);
}
