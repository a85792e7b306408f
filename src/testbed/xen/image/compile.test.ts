import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../process/command.js';
import { compileAgent, compilePlugin } from './compile.js';

const GUEST = join(fileURLToPath(import.meta.url), '../../../../../../guest');
const SKIP =
  existsSync('/usr/include/libxenvchan.h') && existsSync('/usr/bin/gcc')
    ? false
    : 'gcc or libxen-dev is not installed';

/** One record of xentrace: with a time stamp where one is given. */
function record(event: number, tsc: bigint | undefined, ...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + (tsc === undefined ? 0 : 8) + 4 * words.length);
  const header = (event | (words.length << 28) | (tsc === undefined ? 0 : 0x80000000)) >>> 0;
  bytes.writeUInt32LE(header, 0);
  if (tsc !== undefined) bytes.writeBigUInt64LE(tsc, 4);
  words.forEach((word, i) => {
    bytes.writeUInt32LE(word >>> 0, bytes.length - 4 * (words.length - i));
  });
  return bytes;
}

const cpu = (n: number): Buffer => record(0x1f003, undefined, n, 0);
const running = (domain: number, tsc: bigint): Buffer => record(0x21101, tsc, (domain << 16) | 0);
const exit = (code: number, tsc: bigint, rip = 0x401000): Buffer =>
  record(0x81102, tsc, code, rip, rip > 0xffffffff ? 0xffffffff : 0);
/** The agent's marker: an exit for a CPUID, and in its handler's record the leaf that nobody else asks for. */
const marker = (leaf: number, tsc: bigint): readonly Buffer[] => [
  exit(CPUID, tsc),
  record(0x8200e, undefined, leaf),
];
const CPUID = 0x72;
const START = 0x4fff1001;
const STOP = 0x4fff1002;

describe('the C sources', { skip: SKIP }, () => {
  let work = '';
  let agent = '';
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'interdom-compile-'));
    agent = join(work, 'agent');
  });
  after(() => rm(work, { recursive: true, force: true }));

  it('compile without a warning', async () => {
    const options = { sourceDirectory: GUEST, roots: ['/'] };
    assert.equal(await compileAgent(agent, options), '');
    assert.equal(await compilePlugin(join(work, 'count.so'), options), '');
  });

  const count = async (trace: readonly Buffer[], records = 0): Promise<string> => {
    const file = join(work, 'trace.bin');
    await writeFile(file, Buffer.concat(trace));
    const result = await runCommand(agent, ['tracecount', `file=${file}`, `records=${records}`], {
      timeoutMs: 10_000,
      acceptFailure: true,
    });
    return result.stdout.toString('utf8');
  };

  it('tracecount counts by domain between the markers, over interleaved CPUs', async () => {
    const output = await count([
      cpu(0),
      running(1, 10n),
      exit(0x78, 11n), // before the window
      cpu(1),
      running(2, 12n),
      ...marker(START, 20n),
      exit(CPUID, 21n), // a program that begins asks the processor what it is
      record(0x8200e, undefined, 7),
      record(0x81001, 21n),
      exit(0x81, 22n),
      record(0x82012, undefined, 0x20),
      cpu(0),
      exit(0x78, 23n),
      record(0x20100d, 24n, 0x1d | (1 << 20), 1), // a PV hypercall with its operation
      cpu(1),
      exit(0x81, 25n),
      ...marker(STOP, 30n),
      exit(0x78, 31n), // after the window
    ]);
    assert.deepEqual(output.trim().split('\n'), [
      'window 2 20 10 0',
      'count 2 81002 72 1',
      'count 2 8200e - 1',
      'count 2 81001 - 1',
      'count 2 81002 81 2',
      'count 2 82012 20 1',
      'count 1 81002 78 1',
      'count 1 20100d 1d.1 1',
    ]);
  });

  it('tracecount reports lost records, prints records, and says where there is no window', async () => {
    const begun = [cpu(0), running(1, 1n), ...marker(START, 2n), exit(0x78, 3n)];
    const lost = record(0x1f001, undefined, 7);
    const output = await count([...begun, ...marker(STOP, 4n), lost], 5);
    assert.match(output, /^window 1 2 2 7\nrecord 0 1 3 81102 78\.401000\.0\n/);
    assert.match(await count(begun), /^error no marked window in the trace \(it never ends/);
    assert.match(await count(begun.slice(0, 2)), /it never begins/);
    // A record cut short is the end.
    const [first, second] = marker(START, 2n) as [Buffer, Buffer];
    const cut = [cpu(0), running(1, 1n), first, second.subarray(0, 5)];
    assert.match(await count(cut), /it never begins/);
  });

  it('the agent says what is missing or unknown', async () => {
    const run = async (...args: readonly string[]): Promise<string> => {
      const result = await runCommand(agent, args, { timeoutMs: 10_000, acceptFailure: true });
      return `${result.exitCode} ${result.stdout.toString('utf8').trim()}`;
    };
    assert.equal(await run('tracecount'), '1 error the option file is missing');
    assert.match(await run('tracecount', 'file=/nowhere'), /^1 error \/nowhere: No such file/);
    assert.match(await run('ping'), /^1 error xenstore cannot be opened/);
  });
});
