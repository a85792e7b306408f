import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../base/errors.js';
import type { XenImage } from '../image/image.js';
import { type ConsoleMessage, ConsoleReader } from './console.js';
import { FileTail } from './file-tail.js';
import type { MachineConfig } from './machine-config.js';
import { type QemuFiles, qemuArguments } from './qemu-arguments.js';
import { QmpClient, QmpFailure } from './qmp.js';

/** How often it is looked whether the console has said something, in the time after which it is silent. */
const LOOKS_IN_STALL = 10;
/** An emulator whose control connection broke has ended by then, or does not end. */
const END_MS = 2000;
/** Exit code of setpriv where the program that it is to start is not there. */
const NOT_FOUND = 127;

/** The machine did not do what it was started for. Retrying may help; the tail of its console says what it did. */
export class MachineFailure extends Error {
  override readonly name = 'MachineFailure';
  readonly consoleTail: string;
  constructor(reason: string, consoleTail: string) {
    super(reason);
    this.consoleTail = consoleTail;
  }
}

export interface EmulatorOptions {
  readonly image: XenImage;
  readonly config: MachineConfig;
  /** Shell commands for dom0, which knows the functions of guest/dom0/testbed.sh. */
  readonly batch: string;
  /** Stop before the batch, to be saved. */
  readonly pause: boolean;
  readonly savedState?: string;
  /** Lines "ADDRESS NAME" for the counting plugin; undefined where it is not to run. */
  readonly functions?: string;
  readonly stays?: boolean;
  /** Folder for sockets and other files of the run; its path must be short (a socket's has at most 107 bytes). */
  readonly temporaryDirectory: string;
  readonly onMessage: (message: ConsoleMessage) => void;
  readonly signal?: AbortSignal;
  /** The machine is killed after this time. */
  readonly timeoutMs: number;
  /** The machine is killed when its console says nothing for this time. */
  readonly stallMs: number;
}

/** One run of QEMU. It never outlives `stop`, an abort, or its time. */
export class Emulator {
  private readonly child: ChildProcess;
  private readonly console: ConsoleReader;
  private readonly tail: FileTail;
  private readonly workDirectory: string;
  private readonly options: EmulatorOptions;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly onAbort: () => void;
  /** Whoever ends this process in a hurry leaves no emulator behind. */
  private readonly onExit = (): void => {
    this.child.kill('SIGKILL');
  };
  private failWith: (error: unknown) => void = () => undefined;
  private stderr = '';
  private stopping = false;
  /** Tells that this run is over. */
  private readonly ended = new AbortController();
  /** Rejects when the run fails, is aborted or takes too long; never resolves. */
  readonly failure: Promise<never>;
  private readonly exited: Promise<void>;

  private constructor(options: EmulatorOptions, workDirectory: string, child: ChildProcess) {
    this.options = options;
    this.workDirectory = workDirectory;
    this.child = child;
    this.failure = new Promise((_, reject) => {
      this.failWith = reject;
    });
    this.failure.catch(() => undefined); // whoever waits for it sees it; nobody need wait
    this.console = new ConsoleReader((message) => this.take(message));
    this.tail = new FileTail(join(workDirectory, 'console'), (text) => this.console.read(text));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString('utf8')).slice(-4000);
    });
    this.exited = new Promise((resolve) => {
      child.on('close', (code, killedBy) => {
        resolve();
        this.tail.stop();
        if (code === NOT_FOUND) this.failWith(missingQemu());
        if (!this.stopping) this.fail(`QEMU ended by itself (${killedBy ?? `exit code ${code}`})`);
      });
      child.on('error', (error: NodeJS.ErrnoException) => {
        resolve();
        this.failWith(error.code === 'ENOENT' ? missingSetpriv() : error);
      });
    });
    this.onAbort = () => {
      this.child.kill('SIGKILL');
      this.failWith(options.signal?.reason);
    };
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
    process.once('exit', this.onExit);
    this.watch();
  }

  static async start(options: EmulatorOptions): Promise<Emulator> {
    options.signal?.throwIfAborted();
    const work = await workFolder(options);
    const files: QemuFiles = {
      qmpSocket: join(work, 'qmp'),
      console: join(work, 'console'),
      batch: join(work, 'batch'),
      ...(options.functions === undefined
        ? {}
        : { counts: join(work, 'counts'), functions: join(work, 'functions') }),
      ...(options.savedState === undefined ? {} : { savedState: options.savedState }),
      ...(options.stays === undefined ? {} : { stays: options.stays }),
    };
    const args = qemuArguments(options.image, options.config, files, options.pause);
    // Whoever kills this process without a word (SIGKILL) takes the emulator along.
    const guarded = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args];
    const child = spawn('setpriv', guarded, { stdio: ['ignore', 'ignore', 'pipe'] });
    return new Emulator(options, work, child);
  }

  /** Does something with the control connection. Rejects as `failure` does, also where the emulator refuses. */
  async control<T>(work: (qmp: QmpClient) => Promise<T>): Promise<T> {
    const connection = QmpClient.connect(join(this.workDirectory, 'qmp'), this.ended.signal);
    try {
      return await Promise.race([connection.then(work), this.failure]);
    } catch (error) {
      if (!(error instanceof QmpFailure)) throw error;
      // The connection of an emulator that ends breaks first: why it ended says more.
      if (error.isBroken) await Promise.race([this.exited, delay(END_MS)]);
      this.fail(error.message);
      return this.failure;
    } finally {
      connection.then((qmp) => qmp.end()).catch(() => undefined);
    }
  }

  /** What the counting plugin has written so far; empty where it did not run. */
  async counts(): Promise<string> {
    const file = join(this.workDirectory, 'counts');
    return existsSync(file) ? readFile(file, 'utf8') : '';
  }

  consoleTail(): string {
    return this.console.tail();
  }

  /** Ends the machine and takes its files away. May be called twice. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.ended.abort();
    for (const timer of this.timers) clearInterval(timer);
    this.options.signal?.removeEventListener('abort', this.onAbort);
    process.off('exit', this.onExit);
    this.child.kill('SIGKILL');
    await this.exited;
    this.tail.stop();
    await rm(this.workDirectory, { recursive: true, force: true });
  }

  private take(message: ConsoleMessage): void {
    if (message.kind === 'failed') this.fail(message.reason);
    else this.options.onMessage(message);
  }

  private watch(): void {
    this.timers.push(
      setTimeout(
        () => this.fail(`not done within ${Math.round(this.options.timeoutMs / 1000)} s`),
        this.options.timeoutMs,
      ),
    );
    let seen = -1;
    let silent = 0;
    this.timers.push(
      setInterval(() => {
        silent = this.console.lineCount === seen ? silent + 1 : 0;
        seen = this.console.lineCount;
        if (silent < LOOKS_IN_STALL) return;
        this.fail(`the console said nothing for ${Math.round(this.options.stallMs / 1000)} s`);
      }, this.options.stallMs / LOOKS_IN_STALL),
    );
  }

  private fail(reason: string): void {
    const said = this.stderr.trim();
    this.failWith(
      new MachineFailure(said === '' ? reason : `${reason}: ${said}`, this.console.tail()),
    );
    this.child.kill('SIGKILL');
  }
}

/** A folder for the files of a run, with what the emulator reads. Throws UserError where that cannot be written. */
async function workFolder(options: EmulatorOptions): Promise<string> {
  let work: string | undefined;
  try {
    work = await mkdtemp(join(options.temporaryDirectory, 'interdom-xen-'));
    await writeFile(join(work, 'batch'), options.batch);
    await writeFile(join(work, 'console'), '');
    if (options.functions !== undefined) {
      await writeFile(join(work, 'functions'), options.functions);
    }
    return work;
  } catch (error) {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
    throw new UserError(
      `an emulated machine has no place for its files: ${(error as Error).message}`,
      {
        where: options.temporaryDirectory,
        remedy: 'free a few MiB there, or name another folder by TMPDIR',
        cause: error,
      },
    );
  }
}

function missingSetpriv(): UserError {
  return new UserError('the program "setpriv" is not installed', {
    remedy: 'apt-get install --no-install-recommends util-linux',
  });
}

function missingQemu(): UserError {
  return new UserError('the program "qemu-system-x86_64" is not installed', {
    remedy: 'apt-get install --no-install-recommends qemu-system-x86',
  });
}
