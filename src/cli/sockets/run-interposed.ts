import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { firstLine } from '../../sockets/answer-line.js';
import { errorNumber, SocketError } from '../../sockets/socket-errors.js';
import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { type Mapping, readMapping } from './address-map.js';
import { JoinedDomains } from './joined-domains.js';
import { readMachine } from './machine-options.js';
import { preloadLibrary } from './preload-library.js';
import { findProgram } from './program-file.js';
import { summaryLines } from './summary.js';

const BACKLOG = 4096;
/** Added to the number of the signal that ended a program, as shells do. */
const ENDED_BY_SIGNAL = 128;
const REQUEST = /^CONNECT (\S+)$/;

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
  const mappings = await readMappings(options.given('map'));
  const library = preloadLibrary(terminal.environment);
  const folder = mkdtempSync(join(tmpdir(), 'interdom-exec-'));
  let failure: Error | undefined;
  const domains = await JoinedDomains.start(
    readMachine(options),
    mappings.map(({ target }) => target),
    (error) => {
      failure = error;
    },
  );
  const relay = join(folder, 'relay');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void carry(domains, mappings, socket);
  });
  try {
    server.listen({ path: relay, backlog: BACKLOG });
    await once(server, 'listening');
    const before = terminal.environment['LD_PRELOAD'];
    const child = spawn(file, given, {
      stdio: 'inherit',
      argv0: program,
      env: {
        ...terminal.environment,
        LD_PRELOAD: before === undefined || before === '' ? library : `${library} ${before}`,
        INTERDOM_RELAY: relay,
        INTERDOM_CHOSEN: mappings.flatMap(({ chosen }) => chosen).join(','),
      },
    });
    const code = await ended(child);
    if (failure !== undefined) throw failure;
    if (options.flag('summary')) {
      for (const line of summaryLines(domains.near.tally, await domains.counts())) {
        terminal.note(`interdom: ${line}`);
      }
    }
    return code as ExitCode;
  } finally {
    server.close();
    await domains.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readMappings(
  given: { readonly texts: readonly string[]; readonly where: string } | undefined,
): Promise<readonly Mapping[]> {
  if (given === undefined) {
    throw new UserError('no address is mapped: nothing would go over the transport', {
      where: 'interdom exec',
      remedy: 'give --map HOST:PORT=ADDRESS',
    });
  }
  return Promise.all(given.texts.map((text) => readMapping(text, given.where)));
}

/** One connection of the preload library. */
async function carry(
  domains: JoinedDomains,
  mappings: readonly Mapping[],
  socket: Socket,
): Promise<void> {
  socket.on('error', () => {});
  let request: string;
  try {
    request = await firstLine(socket);
  } catch {
    socket.destroy();
    return;
  }
  const wanted = REQUEST.exec(request)?.[1] ?? '';
  const port = mappings.findIndex(({ chosen }) => chosen.includes(wanted));
  if (port < 0) {
    const error = new SocketError('ECONNREFUSED', 'connect', `${wanted} is not mapped`);
    socket.end(`${errorNumber(error)}\n`);
    return;
  }
  await domains.near.carry(socket, port, true);
}

/** Waits for the program. Ctrl-C reaches it by itself; a polite kill is handed on. */
async function ended(child: ReturnType<typeof spawn>): Promise<number> {
  const ignore = (): void => {};
  const handOn = (): void => {
    child.kill('SIGTERM');
  };
  process.on('SIGINT', ignore);
  process.on('SIGTERM', handOn);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? ENDED_BY_SIGNAL + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', handOn);
  }
}
