import { once } from 'node:events';
import { createServer } from 'node:net';
import { UserError } from '../../base/errors.js';
import {
  isLocal,
  listenOptions,
  parseSocketAddress,
  type SocketAddress,
  socketAddressText,
} from '../../sockets/socket-address.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { OptionValues } from '../options/option-values.js';
import { Interruption } from '../run/interruption.js';
import { JoinedDomains } from './joined-domains.js';
import { readMachine } from './machine-options.js';
import { summaryLines } from './summary.js';

/** Programs that wait to be accepted by the tunnel itself. */
const BACKLOG = 4096;

/** Carries out `interdom tunnel`. */
export async function openTunnel({ options, terminal }: Invocation): Promise<ExitCode> {
  const listen = address(options, 'listen');
  const target = address(options, 'to');
  if (!isLocal(listen) && !options.flag('expose')) {
    throw new UserError(
      `${socketAddressText(listen)} lets other hosts come to ${socketAddressText(target)}`,
      { where: '--listen', remedy: 'listen at 127.0.0.1, or say --expose if that is meant' },
    );
  }
  const machine = readMachine(options);
  const interruption = new Interruption(() => {});
  let failure: Error | undefined;
  const domains = await JoinedDomains.start(machine, [target], (error) => {
    failure = error;
    interruption.stop();
  });
  try {
    // Programs of the host keep their half of the connection when the other side has said its last.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void domains.near.carry(socket, 0, false);
    });
    server.listen({ ...listenOptions(listen), backlog: BACKLOG });
    await started(server, listen);
    const bound = server.address();
    const place =
      bound !== null && typeof bound === 'object'
        ? socketAddressText({ kind: 'tcp', host: bound.address, port: bound.port })
        : socketAddressText(listen);
    terminal.note(
      `interdom: ${place} leads through ${machine.transport} to ${socketAddressText(target)}; Ctrl-C ends it`,
    );
    if (!isLocal(listen)) {
      terminal.note(`interdom: every host that reaches ${place} can use it`);
    }
    if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
    server.close();
    if (failure !== undefined) throw failure;
    const lines = summaryLines(domains.near.tally, await domains.counts());
    await terminal.print(lines.map((line) => `${line}\n`).join(''));
    return EXIT.ok;
  } finally {
    interruption.dispose();
    await domains.end();
  }
}

function address(options: OptionValues, name: string): SocketAddress {
  const text = options.text(name);
  if (text === undefined) {
    throw new UserError(`--${name} is missing`, {
      where: 'interdom tunnel',
      remedy: `give --${name} HOST:PORT, or the path of a UNIX socket`,
    });
  }
  return parseSocketAddress(text, options.given(name)?.where ?? `--${name}`);
}

/** Waits until it listens. Throws UserError where the system refuses. */
async function started(
  server: ReturnType<typeof createServer>,
  listen: SocketAddress,
): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`cannot listen at ${socketAddressText(listen)}: ${code}`, {
      where: '--listen',
      remedy:
        code === 'EADDRINUSE'
          ? 'choose another address, or remove the socket that is left there'
          : '',
    });
  }
}
