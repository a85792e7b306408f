import { runProgram } from '../../src/cli/program.js';
import { Terminal } from '../../src/cli/terminal.js';

/** What the program said in this process. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let before: Promise<unknown> = Promise.resolve();

/**
 * Carries out a command line as `interdom WORDS` does, in this process, which is much faster than to start another.
 * What a process shows - signals, its end, broken pipes, a full disk - needs `runProgram` of spawn-program.ts;
 * test/cli-commands.test.ts holds that both say the same.
 *
 * One command line at a time: the working folder is the process's.
 */
export function callProgram(
  words: readonly string[],
  { cwd, environment = {} }: { cwd: string; environment?: Readonly<Record<string, string>> },
): Promise<Said> {
  const said = before.then(() => call(words, cwd, environment));
  before = said.catch(() => {});
  return said;
}

async function call(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<Said> {
  const here = process.cwd();
  const texts = { stdout: '', stderr: '' };
  const into = (name: keyof typeof texts) =>
    ({
      write: (text: string, done?: () => void) => {
        texts[name] += text;
        done?.();
        return true;
      },
      on: () => undefined,
    }) as unknown as ConstructorParameters<typeof Terminal>[0];
  process.chdir(cwd);
  try {
    const terminal = new Terminal(into('stdout'), into('stderr'), {
      PATH: process.env['PATH'],
      // A second worker takes longer to begin than the few cells of a test.
      INTERDOM_JOBS: '1',
      ...environment,
    });
    return { code: await runProgram(words, terminal), ...texts };
  } finally {
    process.chdir(here);
  }
}
