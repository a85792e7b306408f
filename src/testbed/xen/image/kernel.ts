import { gunzipSync } from 'node:zlib';
import { UserError } from '../../../base/errors.js';
import { runCommand } from '../process/command.js';
import { trimElf } from './elf.js';

/** Offsets within a bzImage: Documentation/arch/x86/boot.rst of Linux. */
const SETUP_SECTORS_OFFSET = 0x1f1;
const MAGIC_OFFSET = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR_BYTES = 512;

interface Compression {
  readonly name: string;
  readonly magic: readonly number[];
}

const COMPRESSIONS: readonly Compression[] = [
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
];

/**
 * The kernel inside a bzImage as an uncompressed, trimmed ELF file.
 * Booting it spares the emulated machine the decompression, which takes longer than all the rest of a boot.
 */
export async function extractKernel(
  bzImage: Buffer,
  where: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const payload = payloadOf(bzImage, where);
  return trimElf(await decompressed(payload, where, signal), `the kernel within ${where}`);
}

/** The compressed kernel within a bzImage. Throws UserError where there is none. */
export function payloadOf(bzImage: Buffer, where: string): Buffer {
  if (
    bzImage.length < 0x250 ||
    bzImage.toString('latin1', MAGIC_OFFSET, MAGIC_OFFSET + 4) !== 'HdrS'
  ) {
    throw new UserError('not a Linux kernel image (bzImage)', { where });
  }
  const sectors = bzImage[SETUP_SECTORS_OFFSET] === 0 ? 4 : (bzImage[SETUP_SECTORS_OFFSET] ?? 4);
  const start = (sectors + 1) * SECTOR_BYTES + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  const length = bzImage.readUInt32LE(PAYLOAD_LENGTH);
  if (length === 0 || start + length > bzImage.length) {
    throw new UserError('the kernel image is cut short', { where });
  }
  return bzImage.subarray(start, start + length);
}

async function decompressed(
  payload: Buffer,
  where: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const found = COMPRESSIONS.find(({ magic }) => magic.every((byte, i) => payload[i] === byte));
  if (found?.name === 'gzip') return gunzipSync(payload);
  if (found === undefined) {
    throw new UserError('the kernel is compressed in a way that is not known here', {
      where,
      remedy: 'use a kernel compressed by xz, gzip or zstd, as Debian and Ubuntu ship',
    });
  }
  // The kernel appends its size to the stream, which both programs report as trailing garbage: exit code 1
  // or 2, with all the output written. What comes out is checked by the ELF reader.
  const result = await runCommand(
    found.name,
    ['-dc', ...(found.name === 'xz' ? ['--single-stream'] : [])],
    {
      input: payload,
      acceptFailure: true,
      timeoutMs: 120_000,
      ...(signal === undefined ? {} : { signal }),
      missingRemedy: `apt-get install ${found.name === 'xz' ? 'xz-utils' : 'zstd'}`,
    },
  );
  if (result.stdout.length === 0) {
    throw new UserError(`${found.name} could not decompress the kernel: ${result.stderr.trim()}`, {
      where,
    });
  }
  return result.stdout;
}
