import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../process/command.js';

const COMPILE_TIMEOUT_MS = 120_000;
const WARNINGS = ['-Wall', '-Wextra'];
const AGENT_LIBRARIES = [
  'xenvchan',
  'xenstore',
  'xengnttab',
  'xenevtchn',
  'xentoollog',
  'xentoolcore',
];
const MISSING_COMPILER = 'apt-get install --no-install-recommends gcc libc6-dev';

export interface CompileOptions {
  /** Folder with the C sources ("guest" of this project). */
  readonly sourceDirectory: string;
  /** Roots below which headers and libraries may lie. */
  readonly roots: readonly string[];
  readonly signal?: AbortSignal;
}

/** Compiles the agent, static so that it runs in any initramfs. Returns what the compiler said. */
export async function compileAgent(output: string, options: CompileOptions): Promise<string> {
  const sources = await sourcesIn(join(options.sourceDirectory, 'agent'));
  const unpacked = options.roots.filter((root) => root !== '/');
  return compile(
    [
      ...['-std=gnu11', '-O2', '-static', '-s', ...WARNINGS, '-o', output],
      ...unpacked.map((root) => `-I${join(root, 'usr/include')}`),
      ...sources,
      ...unpacked.map((root) => `-L${join(root, 'usr/lib/x86_64-linux-gnu')}`),
      ...AGENT_LIBRARIES.map((name) => `-l${name}`),
    ],
    options,
  );
}

/** Compiles the counting plugin of the emulator. Returns what the compiler said. */
export async function compilePlugin(output: string, options: CompileOptions): Promise<string> {
  const sources = await sourcesIn(join(options.sourceDirectory, 'qemu-plugin'));
  return compile(
    ['-std=gnu11', '-O2', '-fPIC', '-shared', ...WARNINGS, '-o', output, ...sources],
    options,
  );
}

async function compile(args: readonly string[], options: CompileOptions): Promise<string> {
  const result = await runCommand('gcc', args, {
    timeoutMs: COMPILE_TIMEOUT_MS,
    missingRemedy: MISSING_COMPILER,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return result.stderr;
}

async function sourcesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(directory, name));
}
