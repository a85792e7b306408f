import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The program as a user starts it. */
export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A file descriptor for standard output instead of a pipe. */
  readonly stdout?: number;
}

/** Started, and not yet ended. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Nothing of the environment of whoever runs the tests may decide how they end. */
function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(INTERDOM_|NODE_TEST|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$|COLUMNS$)/.test(name),
  );
  return { ...Object.fromEntries(kept), LANG: 'C', ...extra };
}

export function startProgram(words: readonly string[], options: SpawnOptions): Running {
  return startCommand(process.execPath, [MAIN, ...words], options);
}

export function startCommand(
  command: string,
  words: readonly string[],
  { cwd, environment, stdout }: SpawnOptions,
): Running {
  const child = spawn(command, words, {
    cwd,
    env: cleanEnvironment(environment),
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }));
  });
  return { child, ended };
}

export function runProgram(words: readonly string[], options: SpawnOptions): Promise<Ended> {
  return startProgram(words, options).ended;
}

/** A folder of its own, removed when the tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interdom-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits until something is the case; fails the test when that takes too long. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const limitMs = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > limitMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
