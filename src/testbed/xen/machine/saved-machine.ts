import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson } from '../../../base/canonical-json.js';
import { MIB } from '../../../base/units.js';
import { fullDisk, markUsed, pruneCache, putInPlace } from '../image/cache.js';
import type { XenImage } from '../image/image.js';
import { Emulator, MachineFailure } from './emulator.js';
import type { MachineConfig } from './machine-config.js';
import { shellQuoted } from './qemu-arguments.js';
import type { QmpClient } from './qmp.js';

/** Raised when saved machines of an older harness must not be used any more. */
const FORMAT = 1;
const MACHINES_KEPT = 8;
const BOOT_TIMEOUT_MS = 240_000;
const BOOT_STALL_MS = 90_000;
const MIGRATION_PAUSE_MS = 100;
const WRITE_TIMEOUT_MS = 10_000;
const ROOM_BYTES = 400 * MIB;
/** File with the hash of the state beside it. */
const HASH_FILE = 'sha256';

export interface SaveOptions {
  readonly image: XenImage;
  readonly config: MachineConfig;
  readonly cacheDirectory: string;
  readonly temporaryDirectory: string;
  /** What "qemu-system-x86_64 --version" says: another emulator cannot go on from this one's state. */
  readonly emulatorVersion: string;
  /** Boot it even if it is there already. */
  readonly anew?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/**
 * A machine that was booted once, with its guests ready, and saved. Going on from it takes a second or two in place of
 * half a minute. Returns the file of its state; boots and saves it where it is not yet in the cache. A boot that fails is
 * tried once more. Throws MachineFailure, or UserError where the disk is full.
 */
export async function savedMachine(options: SaveOptions): Promise<string> {
  const directory = join(options.cacheDirectory, `machine-${stateHash(options)}`);
  const state = join(directory, 'state');
  if (options.anew !== true && (await isSound(directory, state))) {
    await markUsed(directory);
    return state;
  }
  await mkdir(options.cacheDirectory, { recursive: true });
  await checkRoom(options.cacheDirectory);
  options.onProgress?.(`booting Xen with ${describe(options.config)}`);
  const work = await mkdtemp(join(options.cacheDirectory, '.machine-'));
  try {
    await bootAndSave(options, join(work, 'state')).catch(async (error: unknown) => {
      if (!(error instanceof MachineFailure)) throw error;
      await checkRoom(options.cacheDirectory); // another may have filled it meanwhile
      options.onProgress?.(`booting again: ${error.message}`);
      await bootAndSave(options, join(work, 'state'));
    });
    await writeFile(join(work, HASH_FILE), await hashOf(join(work, 'state')));
    await putInPlace(work, directory, async () => {
      return options.anew !== true && (await isSound(directory, state));
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await markUsed(directory);
  await pruneCache(options.cacheDirectory, 'machine-', MACHINES_KEPT);
  return state;
}

/** A disk that fills up while a machine is saved would be found out after a minute. Throws UserError. */
async function checkRoom(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= ROOM_BYTES) return;
  throw fullDisk(
    `the disk is full: ${Math.floor(free / MIB)} MiB are free, and a machine needs ${ROOM_BYTES / MIB} MiB`,
    directory,
  );
}

function stateHash({ image, config, emulatorVersion }: SaveOptions): string {
  const key = canonicalJson({ FORMAT, image: image.hash, config, emulatorVersion });
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function describe(config: MachineConfig): string {
  const guests = config.guests.map(({ type }) => type).join(' and ');
  return `${guests} guests on ${config.pcpus} CPU${config.pcpus === 1 ? '' : 's'}`;
}

/**
 * Is there a state, and is it what was saved? One with a damaged page of memory loads like any other, and what then goes
 * wrong looks like a fault of Xen or, worse, like a count.
 */
async function isSound(directory: string, state: string): Promise<boolean> {
  const expected = await readFile(join(directory, HASH_FILE), 'utf8').catch(() => undefined);
  return expected !== undefined && expected === (await hashOf(state).catch(() => undefined));
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: MIB }), hash);
  return hash.digest('hex');
}

async function bootAndSave(options: SaveOptions, file: string): Promise<void> {
  await rm(file, { force: true }); // what an emulator left that ended while it was saved
  const emulator = await Emulator.start({
    image: options.image,
    config: options.config,
    batch: '',
    pause: true,
    temporaryDirectory: options.temporaryDirectory,
    onMessage: () => undefined,
    timeoutMs: BOOT_TIMEOUT_MS,
    stallMs: BOOT_STALL_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    await emulator.control(async (qmp) => {
      await qmp.event('GUEST_PANICKED');
      await save(qmp, file, emulator);
    });
  } finally {
    await emulator.stop();
  }
}

async function save(qmp: QmpClient, file: string, emulator: Emulator): Promise<void> {
  const fault = (reason: string): MachineFailure =>
    new MachineFailure(
      `the machine could not be saved to ${file}: ${reason}`,
      emulator.consoleTail(),
    );
  const [part, whole] = [shellQuoted(`${file}.part`), shellQuoted(file)];
  const uri = `exec:cat >${part} && mv ${part} ${whole} || rm -f ${part}`;
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 10_000_000_000 });
  await qmp.execute('migrate', { uri });
  for (;;) {
    const { status, 'error-desc': reason } = (await qmp.execute('query-migrate')) as {
      status?: string;
      'error-desc'?: string;
    };
    if (status === 'completed') break;
    if (status === 'failed' || status === 'cancelled') throw fault(reason ?? 'is the disk full?');
    await delay(MIGRATION_PAUSE_MS);
  }
  // The emulator has handed over the last byte: it is yet to be written.
  for (let waited = 0; !existsSync(file); waited += MIGRATION_PAUSE_MS) {
    if (waited >= WRITE_TIMEOUT_MS) throw fault('is the disk full?');
    await delay(MIGRATION_PAUSE_MS);
  }
}
