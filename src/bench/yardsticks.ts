import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Ways in which C moves the same bytes: see bench/yardsticks.c. */
export type Way = 'ring' | 'socketpair' | 'pipe' | 'tcp' | 'memcpy';

/** The C program, compiled. */
export class Yardsticks {
  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  /** Compiles it; undefined where there is no C compiler. */
  static compile(): Yardsticks | undefined {
    const source = fileURLToPath(new URL('../../../bench/yardsticks.c', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'interdom-bench-'));
    const program = join(folder, 'yardsticks');
    const { error, status } = spawnSync('cc', ['-O2', '-pthread', '-o', program, source]);
    if (error === undefined && status === 0) return new Yardsticks(folder, program);
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }

  /**
   * Starts it, for rounds of so many messages whenever they are asked for.
   *
   * @param cpus of receiver and sender; -1: wherever the system puts them
   */
  start(
    way: Way,
    ring: number,
    message: number,
    messages: number,
    cpus: readonly number[] = [-1, -1],
  ): Yardstick {
    const words = [way, ring, message, messages, ...cpus].map(String);
    return new Yardstick(
      spawn(this.program, words, { stdio: ['pipe', 'pipe', 'inherit'] }),
      messages,
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The C program while it runs: it waits between rounds, so that it can take turns with somebody else. */
export class Yardstick {
  private readonly lines: AsyncIterator<string>;

  constructor(
    private readonly program: ChildProcessByStdio<Writable, Readable, null>,
    private readonly messages: number,
  ) {
    this.lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  }

  /** Nanoseconds a message, a round each. */
  async rounds(count: number): Promise<number[]> {
    this.program.stdin.write(`${count}\n`);
    const taken: number[] = [];
    while (taken.length < count) {
      const { value, done } = await this.lines.next();
      if (done === true) throw new Error('the C program ended by itself');
      taken.push(Number(value) / this.messages);
    }
    return taken;
  }

  end(): void {
    this.program.stdin.end();
  }
}
