import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramCopy } from '../cli/program-copy.js';

/** The pages that show demonstrations of the gate. */
export const PAGES = ['README.md', 'docs/gate.md'] as const;

/** One demonstration, carried out. */
export interface Demonstrated {
  readonly name: string;
  /** Exit code that the page promises, and the one there was. */
  readonly promised: number;
  readonly code: number | null;
  /** What the last command printed. */
  readonly output: string;
}

const DEMONSTRATION = /<!-- demonstration: (\S+) -->\n([\s\S]*?)<!-- end -->/g;
const FENCE = /```(console|diff)\n([\s\S]*?)```/g;
const OUTPUT = /(<!-- output, exit (\d+) -->\n```text\n)[\s\S]*?(```\n)$/;

/**
 * Carries out the demonstrations of a page: commands, edits of the program as a diff shows them, and
 * the last command's output.
 *
 * @param folder an empty one
 */
export async function demonstrate(page: string, folder: string): Promise<readonly Demonstrated[]> {
  const done: Demonstrated[] = [];
  for (const [, name = '', text = ''] of page.matchAll(DEMONSTRATION)) {
    done.push(await carryOut(name, text, join(folder, name)));
  }
  return done;
}

/** The page with the outputs that there were. */
export function withOutputs(page: string, done: readonly Demonstrated[]): string {
  return page.replace(DEMONSTRATION, (whole, name: string) => {
    const demonstrated = done.find((one) => one.name === name);
    assert.ok(demonstrated, name);
    const body = whole.slice(0, -'<!-- end -->'.length);
    const filled = body.replace(OUTPUT, (_, head: string, __, tail: string) => {
      return `${head}${demonstrated.output.trimEnd()}\n${tail}`;
    });
    return `${filled}<!-- end -->`;
  });
}

async function carryOut(name: string, text: string, folder: string): Promise<Demonstrated> {
  const cwd = join(folder, 'work');
  mkdirSync(cwd, { recursive: true });
  const program = new ProgramCopy(join(folder, 'program'));
  let last: { code: number | null; stdout: string } = { code: null, stdout: '' };
  for (const [, kind, body = ''] of text.matchAll(FENCE)) {
    if (kind === 'diff') edit(program, body);
    else {
      const commands = body.split('\n').filter((line) => line.startsWith('$ '));
      for (const command of commands) last = await run(program, command.slice(2), cwd);
    }
  }
  const promised = Number(OUTPUT.exec(text)?.[2]);
  return { name, promised, code: last.code, output: last.stdout };
}

/** The words of `npx interdom ...`, up to where the shell would send its output elsewhere. */
async function run(program: ProgramCopy, command: string, cwd: string) {
  const [npx, interdom, ...words] = command.split(' > ')[0]?.split(' ') ?? [];
  assert.deepEqual([npx, interdom], ['npx', 'interdom'], command);
  const ended = await program.run(words, cwd);
  if (words[0] !== 'check') assert.equal(ended.code, 0, `${command}: ${ended.stderr}`);
  return ended;
}

/** The lines of a diff, in the compiled file. */
function edit(program: ProgramCopy, diff: string): void {
  const lines = diff.split('\n');
  const line = (sign: string): string =>
    lines
      .find((one) => one.startsWith(`${sign} `))
      ?.slice(1)
      .trim() ?? '';
  const file = /^--- (\S+)\.ts$/m.exec(diff)?.[1];
  program.edit(`${file}.js`, line('-'), line('+'));
}
