import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, type Running, startCommand } from './spawn-program.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The compiled program in a folder of its own: it stays as it is while the checkout changes, and may
 * be changed itself.
 */
export class ProgramCopy {
  readonly main: string;

  /** @param folder an empty one */
  constructor(private readonly folder: string) {
    for (const part of ['src', 'transports', 'scenarios']) {
      cpSync(join(ROOT, 'dist', part), join(folder, 'dist', part), {
        recursive: true,
        filter: (path) => !path.endsWith('.test.js'),
      });
    }
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    this.main = join(folder, 'dist', 'src', 'cli', 'main.js');
  }

  /** Changes one place of one compiled file; how the compiler broke its lines does not matter. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    const words = from.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const pattern = new RegExp(words.join('\\s+'), 'g');
    assert.equal(text.match(pattern)?.length, 1, `${file} has not exactly one "${from}"`);
    writeFileSync(
      path,
      text.replace(pattern, () => to),
    );
  }

  start(words: readonly string[], cwd: string): Running {
    return startCommand(process.execPath, [this.main, ...words], { cwd });
  }

  run(words: readonly string[], cwd: string): Promise<Ended> {
    return this.start(words, cwd).ended;
  }
}
