import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { UserError } from '../../base/errors.js';
import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import type { OptionValues } from '../options/option-values.js';
import { type Mapping, readChosen, readMapping } from './address-map.js';
import { Interposition, type Served, serve, whereServed } from './interposition.js';
import { JoinedDomains } from './joined-domains.js';
import { readMachine } from './machine-options.js';
import { ProcessWatch } from './process-watch.js';
import { findProgram } from './program-file.js';
import { summaryLines } from './summary.js';

/** Added to the number of the signal that ended a program, as shells do. */
const ENDED_BY_SIGNAL = 128;

/** Carries out `interdom exec`: the exit code is that of the program. */
export async function runInterposed({
  options,
  positionals,
  terminal,
}: Invocation): Promise<ExitCode> {
  const [program, ...given] = positionals;
  if (program === undefined) {
    throw new UserError('no program is named', {
      where: 'interdom exec',
      remedy: 'name it behind two dashes: interdom exec --map ... -- PROGRAM',
    });
  }
  const file = findProgram(program, terminal.environment);
  const { mappings, served } = await readRoutes(options);
  let failure: Error | undefined;
  const domains = await JoinedDomains.start(
    readMachine(options),
    mappings.map(({ target }) => target),
    (error) => {
      failure = error;
    },
  );
  let interposition: Interposition | undefined;
  let watch: ProcessWatch | undefined;
  try {
    const { near } = domains;
    interposition = await Interposition.start(near, mappings, served, terminal.environment);
    const { environment: env, library } = interposition;
    const code = await carriedOut(() => {
      const child = spawn(file, given, { stdio: 'inherit', argv0: program, env });
      if (child.pid !== undefined) {
        watch = new ProcessWatch(child.pid, library, (line) => terminal.note(`interdom: ${line}`));
      }
      return child;
    });
    if (failure !== undefined) throw failure;
    if (options.flag('summary')) {
      for (const line of summaryLines(near.tally, await domains.counts())) {
        terminal.note(`interdom: ${line}`);
      }
    }
    return code as ExitCode;
  } finally {
    watch?.close();
    interposition?.close();
    await domains.end();
  }
}

/** What goes over the transport: what is mapped, and what the program serves. */
async function readRoutes(
  options: OptionValues,
): Promise<{ readonly mappings: readonly Mapping[]; readonly served: readonly Served[] }> {
  const read = async <T>(name: string, one: (text: string, where: string) => Promise<T>) => {
    const given = options.given(name);
    return Promise.all((given?.texts ?? []).map((text) => one(text, given?.where ?? name)));
  };
  const mapped = await read('map', readMapping);
  const chosen = await read('serve', async (text, where) => ({
    chosen: await readChosen(text, where),
  }));
  if (mapped.length + chosen.length === 0) {
    throw new UserError('no address is mapped: nothing would go over the transport', {
      where: 'interdom exec',
      remedy: 'give --map HOST:PORT=ADDRESS, or --serve HOST:PORT',
    });
  }
  const { served, mappings } = await serve(chosen);
  const led = mapped.map((one) => ({ ...one, target: whereServed(one.target, served) }));
  return { mappings: [...led, ...mappings], served };
}

/** Whoever sends one of these to interdom means the program: without the relay it could not go on. */
const HANDED_ON = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Starts the program and waits for its end. Ctrl-C reaches it by itself; what else ends a program politely is handed on,
 * from before it runs.
 */
async function carriedOut(start: () => ChildProcess): Promise<number> {
  let child: ChildProcess | undefined;
  const ignore = (): void => {};
  const handOn = (signal: NodeJS.Signals): void => {
    child?.kill(signal);
  };
  process.on('SIGINT', ignore);
  for (const signal of HANDED_ON) process.on(signal, handOn);
  try {
    child = start();
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? ENDED_BY_SIGNAL + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', ignore);
    for (const signal of HANDED_ON) process.off(signal, handOn);
  }
}
