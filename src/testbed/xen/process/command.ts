import { spawn } from 'node:child_process';
import { UserError } from '../../../base/errors.js';

export interface CommandOptions {
  readonly input?: Buffer;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Killed after this time. */
  readonly timeoutMs: number;
  /** Resolve with the output even where the exit code is not 0. */
  readonly acceptFailure?: boolean;
  /** What to do where the program is not there. */
  readonly missingRemedy?: string;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Error of a program that ran and failed. Its message ends in the last lines the program wrote. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly command: string;
  readonly stderr: string;
  constructor(command: string, how: string, stderr: string) {
    super(`${command} ${how}${stderr === '' ? '' : `: ${tail(stderr)}`}`);
    this.command = command;
    this.stderr = stderr;
  }
}

/**
 * Runs a short-lived program to its end and returns what it wrote.
 * Throws UserError where the program is missing, CommandFailed where it fails or outlives its time; an abort
 * kills it and rejects with the signal's reason.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const shown = [program, ...args].join(' ').slice(0, 160);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) {
      reject(options.signal.reason);
      return;
    }
    // A group of its own, so that what the program started goes with it.
    const child = spawn(program, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const kill = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs);
    options.signal?.addEventListener('abort', kill, { once: true });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      act();
    };

    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined); // the program may close its input early
    child.stdin.end(options.input);
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle(() => {
        if (error.code !== 'ENOENT') {
          reject(error);
          return;
        }
        reject(
          new UserError(`the program "${program}" is not installed`, {
            ...(options.missingRemedy === undefined ? {} : { remedy: options.missingRemedy }),
          }),
        );
      });
    });
    child.on('close', (code, killedBy) => {
      settle(() => {
        const errors = Buffer.concat(stderr).toString('utf8');
        if (options.signal?.aborted === true) reject(options.signal.reason);
        else if (timedOut) {
          reject(
            new CommandFailed(shown, `did not end within ${options.timeoutMs / 1000} s`, errors),
          );
        } else if (code !== 0 && options.acceptFailure !== true) {
          reject(new CommandFailed(shown, `ended with ${killedBy ?? `exit code ${code}`}`, errors));
        } else {
          resolve({ exitCode: code ?? -1, stdout: Buffer.concat(stdout), stderr: errors });
        }
      });
    });
  });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // it has gone by itself
  }
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-6).join('\n');
}
