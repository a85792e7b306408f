import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
   * Nanoseconds a message, a round each.
   *
   * @param cpus of receiver and sender; -1: wherever the system puts them
   */
  rounds(
    way: Way,
    ring: number,
    message: number,
    messages: number,
    rounds: number,
    cpus: readonly number[] = [-1, -1],
  ): number[] {
    const words = [way, ring, message, messages, rounds, ...cpus].map(String);
    const text = execFileSync(this.program, words, { encoding: 'utf8', timeout: 120_000 });
    return text
      .trim()
      .split('\n')
      .map((line) => Number(line) / messages);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
