import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { findInPath } from '../find-in-path.js';
import type { Environment } from '../terminal.js';

/** Where the trial of one program takes place. */
export interface Place {
  /** A fresh folder, for nobody else. */
  readonly folder: string;
  /** Path of a program that the trial needs. */
  program(name: string): string;
  /** Starts a server that is ended with the trial. */
  serve(name: string, ...words: readonly string[]): ChildProcess;
  /** Runs a client to its end. Throws where it fails. */
  run(name: string, ...words: readonly string[]): Promise<Said>;
}

/** What a client said, and how long it took. */
export interface Said {
  readonly text: string;
  readonly ms: number;
}

/** What one way to the server gives an application. */
export interface Measured {
  readonly bytesPerSecond?: number;
  readonly requestsPerSecond?: number;
  /** Of each request, in the order in which they were made. */
  readonly latencyNs?: readonly number[];
  /** Requests, or commands, or connections: what hypervisor entries are divided by. */
  readonly requests: number;
}

/** A real program, its server, and what a user does with it. */
export interface ProgramTrial {
  readonly name: string;
  readonly summary: string;
  /** Programs that must be there, and Debian's packages that have them. */
  readonly needs: readonly string[];
  readonly packages: readonly string[];
  /** Least port, where the program's protocol says which ports there are. */
  readonly firstPort?: number;
  /** Makes files that server and client need, once. */
  prepare?(place: Place): Promise<void>;
  /** Starts the server at 127.0.0.1:port, as it knows it. */
  start(place: Place, port: number): ChildProcess;
  /** Uses it through 127.0.0.1:port. Throws where what arrives is not what was sent. */
  use(place: Place, port: number): Promise<Measured>;
}

/** Servers lie where users do not look. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** So long may one client run. */
const PATIENCE_MS = 120_000;
/** So long may a server take to listen. */
const START_PATIENCE_MS = 15_000;

/** The path of a program or server; undefined where there is none. */
export function findProgramOrServer(name: string, environment: Environment): string | undefined {
  return findInPath(name, environment, SYSTEM_FOLDERS);
}

/** Runs a program to its end. Throws with what it said where it fails or takes too long. */
export async function runToEnd(
  path: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Said> {
  const from = process.hrtime.bigint();
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(path, words, { stdio, env, timeout: PATIENCE_MS });
  let text = '';
  let complaints = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const ms = Number(process.hrtime.bigint() - from) / 1e6;
  if (code === 0) return { text, ms };
  const why = (complaints.trim() || text.trim()).split('\n').at(-1) ?? '';
  throw new Error(`${path} ended with ${code ?? 'a signal'}: ${why}`);
}

/** Waits until somebody listens at a port of this host. Throws where the server ends before. */
export async function untilListening(port: number, server: ChildProcess): Promise<void> {
  let complaints = '';
  server.stderr?.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  const until = process.hrtime.bigint() + BigInt(START_PATIENCE_MS) * 1_000_000n;
  while (process.hrtime.bigint() < until) {
    if (server.exitCode !== null || server.signalCode !== null) {
      throw new Error(`the server does not start: ${complaints.trim().split('\n').at(-1) ?? ''}`);
    }
    if (await listens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server does not listen within ${START_PATIENCE_MS / 1000} s`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
