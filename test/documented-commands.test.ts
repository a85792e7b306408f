import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UserError } from '../src/base/errors.js';
import { CATALOGUE } from '../src/cli/catalogue.js';
import type { Command } from '../src/cli/command.js';
import { parseCommandLine } from '../src/cli/command-line.js';
import { COMMANDS } from '../src/cli/commands/index.js';
import { gatherOptions } from '../src/cli/options/gather.js';
import { readRequest } from '../src/cli/run/read-request.js';
import { planCells } from '../src/runner/plan.js';

/**
 * Whatever command line is written in a document or a help text is one that the program takes: its words
 * are read, and what `run` would measure is planned. Carried out are those of the README and docs/gate.md
 * (gate-demonstration.test.ts) and of examples/ (examples.test.ts).
 */

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Written {
  readonly text: string;
  readonly where: string;
  /** In the midst of a sentence: it need not name the runs that it would take. */
  readonly inline: boolean;
}

function filesUnder(folder: string, wanted: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => wanted.test(name) && !name.includes('node_modules'));
}

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['docs', 'guest', 'interpose', 'transports', 'results'].flatMap((folder) =>
    filesUnder(folder, /\.md$/),
  ),
];

const names = COMMANDS.map(({ name }) => name);
/** `interdom run ...` on a line of its own, or after a prompt. */
const OWN_LINE = /^\s*(?:\$ )?(?:npx )?interdom ([a-z].*)$/;
/** In backticks: `interdom run --suite full`, or `run --suite full` without the program's name. */
const INLINE = new RegExp(
  `\`(?:(?:npx )?interdom (?=[a-z])|(?=(?:${names.join('|')}) -))([^\`]+)\``,
  'g',
);

function writtenIn(path: string, text: string): Written[] {
  const lines = text.replace(/\\\n\s*/g, '').split('\n');
  return lines.flatMap((line, i): Written[] => {
    const where = `${path}, line ${i + 1}`;
    const own = OWN_LINE.exec(line)?.[1];
    const inline = [...line.matchAll(INLINE)].map((match) => match[1] as string);
    return [
      ...(own === undefined
        ? []
        : commandsOf(own).map((one) => ({ text: one, where, inline: false }))),
      ...inline.map((one) => ({ text: one, where, inline: true })),
    ];
  });
}

/** The command lines of one line of a shell, without what the shell itself does. */
function commandsOf(line: string): string[] {
  const [first = '', ...others] = line
    .replace(/\s+#.*$/, '')
    .replace(/\$\(.*$/, '')
    .split(/\s*(?:&&|\||;)\s*/);
  const more = others.flatMap((one) => /^(?:npx )?interdom (.*)$/.exec(one)?.[1] ?? []);
  return [first, ...more].map((one) => one.replace(/\s*[12]?>+\s*\S+/g, '').trim());
}

function wordsOf(text: string): string[] {
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/["']/g, ''));
}

/** Values that the option has only some of: the names in the catalogue, or the words of a list. */
function knownValues(command: Command, name: string): readonly string[] | undefined {
  const { candidates } = command.options.find((option) => option.name === name) ?? {};
  if (candidates === 'transports' || candidates === 'scenarios') {
    return CATALOGUE[candidates].map((one) => one.name);
  }
  return typeof candidates === 'object' ? candidates : undefined;
}

/** Reads a command line as the program would, and plans what it would measure. Throws UserError. */
async function understood({ text, inline }: Written): Promise<void> {
  const words = wordsOf(text);
  let parsed: ReturnType<typeof parseCommandLine>;
  try {
    parsed = parseCommandLine(words, COMMANDS, '1', 80);
  } catch (error) {
    if (inline && error instanceof UserError && /needs to be told/.test(error.message)) return;
    throw error;
  }
  if (!('command' in parsed)) return;
  const { command, given, positionals } = parsed;
  for (const [name, { texts }] of given) {
    const known = knownValues(command, name);
    const values = texts.flatMap((one) => one.split(','));
    const unknown = known === undefined ? [] : values.filter((one) => !known.includes(one));
    assert.deepEqual(unknown, [], `--${name} of ${command.name}`);
  }
  if (command.name !== 'run' || given.has('resume')) return;
  const { options } = gatherOptions(command, given, {}, COMMANDS);
  try {
    const { request, catalogue } = await readRequest(options, positionals, CATALOGUE);
    assert.notEqual(planCells(request, catalogue).length, 0);
  } catch (error) {
    // Files of the reader's own: a profile, a hypervisor.
    if (!(error instanceof UserError && /does not exist/.test(error.message))) throw error;
  }
}

describe('documented commands', () => {
  for (const path of DOCUMENTS) {
    const written = writtenIn(path, readFileSync(join(root, path), 'utf8'));
    if (written.length === 0) continue;
    it(`of ${path} are commands that there are`, async () => {
      for (const one of written) {
        await assert.doesNotReject(understood(one), `${one.where}: interdom ${one.text}`);
      }
    });
  }

  it('of the help texts are commands that there are', async () => {
    for (const { name, examples = [] } of COMMANDS) {
      for (const [text] of examples) {
        const own = /interdom (.*)$/.exec(text)?.[1] ?? '';
        for (const one of commandsOf(own.replace(/\)$/, ''))) {
          const where = `interdom ${name} --help`;
          await assert.doesNotReject(understood({ text: one, where, inline: false }), text);
        }
      }
    }
  });

  it('name no option that there is not', () => {
    const options = COMMANDS.flatMap((command) => command.options.map((option) => option.name));
    // The last is the state of a zombie, as xl list shows it.
    const others = ['help', 'version', 'config', 'verbose', 'long', 'ps-d'];
    for (const path of DOCUMENTS.filter((one) => /^(README|docs.[a-z-]+)\.md$/.test(one))) {
      const text = readFileSync(join(root, path), 'utf8').replace(/apt-get [^\n`]*/g, '');
      const found = [...text.matchAll(/(?<=[\s`(])--([a-z][a-z-]+)(?=[\s=`),.;]|$)/gm)].map(
        (match) => match[1],
      );
      const unknown = found.filter((one) => ![...options, ...others].includes(one as string));
      assert.deepEqual(unknown, [], path);
    }
  });

  it('are all commands that there are, and all transports, scenarios and profiles are named', () => {
    const guide = DOCUMENTS.filter((path) => /^(README|docs.[a-z-]+)\.md$/.test(path));
    const text = guide.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
    const silent = COMMANDS.filter(({ name }) => !new RegExp(`interdom ${name}\\b`).test(text));
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
    for (const kind of ['transports', 'scenarios', 'profiles'] as const) {
      const named = CATALOGUE[kind].filter(({ name }) => !text.includes(`\`${name}\``));
      assert.deepEqual(
        named.map(({ name }) => name),
        [],
        kind,
      );
    }
  });

  it('canary: a command, an option, a value and a scenario that are none are found', async () => {
    const line = (text: string): Written =>
      writtenIn('x', `    npx interdom ${text}  # so`)[0] as Written;
    for (const text of ['rum stream', 'run --ring 4k', 'run -t v5v', 'run streams', 'report']) {
      await assert.rejects(understood(line(text)), text);
    }
    await understood(line('run stream -t v4v && npx interdom compare latest > x.txt'));
    assert.equal(writtenIn('x', 'Say `check --strict` or `npx interdom noise a.json`.').length, 2);
  });
});
