import { readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MANIFEST, prepareImage, type XenImage } from './image/image.js';
import { pairConfig } from './machine/machine-config.js';
import { savedMachine } from './machine/saved-machine.js';
import { emulatorVersionOf, inParallel, type XenTestbedOptions } from './xen-testbed.js';

/** What is ready to be booted. */
export interface PreparedXen {
  /** The cache. */
  readonly directory: string;
  /** Hash of all that the image is made from. */
  readonly image: string;
  readonly emulator: string;
  readonly contents: Readonly<Record<string, string>>;
  readonly hasArgo: boolean;
  readonly files: readonly PreparedFile[];
}

export interface PreparedFile {
  readonly what: string;
  /** Below the cache. */
  readonly name: string;
  readonly bytes: number;
  /** Of a file of the image. */
  readonly sha256?: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  'xen.elf': 'hypervisor',
  'xen-syms.map': 'its symbols',
  vmlinux: 'kernel of all domains',
  'dom0.cpio': 'file system of dom0',
  'guest.cpio': 'file system of guests',
  'interdom-agent': 'what guests run',
  'count.so': 'counts instructions',
};

/** The image, and machines with PVH and with PV guests on one CPU, booted and saved. @param options `anew`: even if they are there */
export async function prepareXen(
  options: XenTestbedOptions & { readonly anew?: boolean },
): Promise<PreparedXen> {
  let image = await prepareImage(options);
  if (options.anew === true) {
    await rm(image.directory, { recursive: true, force: true });
    image = await prepareImage(options);
  }
  const emulatorVersion = await emulatorVersionOf(options.signal);
  const machines = new Map<string, string>();
  await inParallel(['pvh', 'pv'] as const, options, async (type, signal) => {
    const config = pairConfig([type, type], 'shared', options.xenArguments ?? []);
    machines.set(type, await savedMachine({ ...options, signal, image, config, emulatorVersion }));
  });
  return {
    directory: options.cacheDirectory,
    image: image.hash,
    emulator: emulatorVersion,
    contents: image.contents,
    hasArgo: image.hasArgo,
    files: [
      ...(await filesOf(image)),
      ...(await Promise.all(
        [...machines].sort().map(async ([type, state]) => ({
          what: `machine with ${type} guests, booted`,
          name: join(basename(dirname(state)), basename(state)),
          bytes: (await stat(state)).size,
        })),
      )),
    ],
  };
}

async function filesOf(image: XenImage): Promise<PreparedFile[]> {
  const text = await readFile(join(image.directory, MANIFEST), 'utf8');
  const hashes = JSON.parse(text) as Readonly<Record<string, string>>;
  return Promise.all(
    Object.entries(hashes).map(async ([file, sha256]) => ({
      what: MEANINGS[file] ?? file,
      name: join(basename(image.directory), file),
      bytes: (await stat(join(image.directory, file))).size,
      sha256,
    })),
  );
}
