import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../../../base/errors.js';
import { pluginFunctions } from '../counting/symbols.js';
import { CommandFailed, runCommand } from '../process/command.js';
import { cacheFault, markUsed, packageFault, pruneCache, putInPlace, USED_FILE } from './cache.js';
import { compileAgent, compilePlugin } from './compile.js';
import { embeddedSymbols } from './embedded-symbols.js';
import { dom0Initramfs, guestInitramfs } from './initramfs.js';
import {
  collectInputs,
  describeInputs,
  hashInputs,
  type ImageOptions,
  type Inputs,
  readInput,
  SOCKET_PROXY,
} from './inputs.js';
import { extractKernel } from './kernel.js';
import { installLine } from './packages.js';

export type { ImageOptions };

const IMAGES_KEPT = 4;
/** File with the hash of each other file of an image. */
export const MANIFEST = 'manifest.json';

/** A word of Argo's option on the command line: it is in the hypervisor if and only if Argo is. */
const ARGO_OPTION = 'mac-permissive';

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
  /** Lines "ADDRESS TYPE NAME". */
  readonly symbols: string;
  /** Whether the hypervisor has Argo, which V4V needs. Distributions' have not. */
  readonly hasArgo: boolean;
  /** Whether the guests have Xen's own vchan-socket-proxy. */
  readonly hasSocketProxy: boolean;
  /** Names and versions, for provenance. */
  readonly contents: Readonly<Record<string, string>>;
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
  const inputs = await collectInputs(options);
  const hash = await hashInputs(inputs, options.guestSourceDirectory);
  const directory = join(options.cacheDirectory, `image-${hash}`);
  if (!(await isSound(directory))) {
    options.onProgress?.('building the image: agent, plugin, kernel, file systems');
    await build(directory, inputs, options);
  }
  await markUsed(directory);
  await pruneCache(options.cacheDirectory, 'image-', IMAGES_KEPT);
  return {
    directory,
    hash,
    hypervisor: join(directory, OUTPUTS.hypervisor),
    kernel: join(directory, OUTPUTS.kernel),
    dom0Initramfs: join(directory, OUTPUTS.dom0Initramfs),
    guestInitramfs: join(directory, OUTPUTS.guestInitramfs),
    agent: join(directory, OUTPUTS.agent),
    plugin: join(directory, OUTPUTS.plugin),
    symbols: join(directory, OUTPUTS.symbols),
    hasArgo: (await readFile(join(directory, OUTPUTS.hypervisor))).includes(ARGO_OPTION),
    hasSocketProxy: inputs.guestTools.has(SOCKET_PROXY),
    contents: describeInputs(inputs),
  };
}

async function build(directory: string, inputs: Inputs, options: ImageOptions): Promise<void> {
  await mkdir(options.cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(options.cacheDirectory, '.image-'));
  try {
    // First what the user may have given: a file that is no hypervisor should not be found out after a compilation.
    const hypervisor = await readHypervisor(inputs.hypervisor);
    await writeFile(join(work, OUTPUTS.hypervisor), hypervisor);
    await writeFile(join(work, OUTPUTS.symbols), await symbolsOf(hypervisor, inputs));
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
    const guest = guestInitramfs({
      ...parts,
      tools: await readAll(inputs.guestTools),
      libraries: await readAll(inputs.guestLibraries),
    });
    const dom0 = dom0Initramfs({
      ...parts,
      tools: await readAll(inputs.tools),
      libraries: await readAll(inputs.libraries),
      guestKernel: kernel,
      guestInitramfs: guest,
    });
    await writeFile(join(work, OUTPUTS.kernel), kernel);
    await writeFile(join(work, OUTPUTS.guestInitramfs), guest);
    await writeFile(join(work, OUTPUTS.dom0Initramfs), dom0);
    await writeFile(join(work, MANIFEST), JSON.stringify(await hashOutputs(work), null, 1));
    await putInPlace(work, directory, () => isSound(directory));
  } catch (error) {
    throw buildFault(cacheFault(error, options.cacheDirectory), options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A compiler or decompressor that fails is a fault of the system on which it runs. */
function buildFault(error: unknown, options: ImageOptions): unknown {
  if (!(error instanceof CommandFailed)) return packageFault(error, options.cacheDirectory);
  return new UserError(`what real Xen boots from cannot be made: ${error.message}`, {
    where: options.guestSourceDirectory,
    remedy: installLine(['--reinstall', 'gcc', 'binutils', 'libc6-dev', 'xz-utils']),
    cause: error,
  });
}

async function readHypervisor(file: string): Promise<Buffer> {
  const content = await readInput(file);
  const elf = isGzip(content) ? unzipped(content, file) : content;
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) {
    throw new UserError('not a hypervisor: neither an ELF file nor gzip of one', {
      where: file,
      remedy: 'give xen.gz or xen as the build of Xen leaves it (not xen.efi)',
    });
  }
  return elf;
}

function isGzip(content: Buffer): boolean {
  return content[0] === 0x1f && content[1] === 0x8b;
}

function unzipped(content: Buffer, file: string): Buffer {
  try {
    return gunzipSync(content);
  } catch (cause) {
    throw new UserError('not a hypervisor: gzip, but damaged or cut short', {
      where: file,
      remedy: 'copy the file again',
      cause,
    });
  }
}

/** The symbols that were given, or those that the hypervisor carries. Without them nothing of it could be counted. */
async function symbolsOf(hypervisor: Buffer, inputs: Inputs): Promise<Buffer | string> {
  if (inputs.symbols !== undefined) {
    const given = await readInput(inputs.symbols);
    pluginFunctions(given.toString('utf8'), inputs.symbols); // throws where it is no map of Xen
    return given;
  }
  const symbols = embeddedSymbols(hypervisor);
  if (symbols !== undefined) return symbols;
  throw new UserError('this hypervisor carries no symbols that can be read: is it Xen, for x86?', {
    where: inputs.hypervisor,
    remedy: 'give the xen-syms.map of its build by --hypervisor-symbols FILE',
  });
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
    .filter((entry) => entry !== MANIFEST && entry !== USED_FILE)
    .sort()) {
    const content = await readFile(join(directory, name));
    hashes[name] = createHash('sha256').update(content).digest('hex');
  }
  return hashes;
}

/** Is there a finished image whose files are what they were when it was built? */
async function isSound(directory: string): Promise<boolean> {
  const manifest = join(directory, MANIFEST);
  if (!existsSync(manifest)) return false;
  try {
    const expected = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, string>;
    const actual = await hashOutputs(directory);
    return JSON.stringify(expected) === JSON.stringify(actual);
  } catch {
    return false; // damaged: it is built anew
  }
}
