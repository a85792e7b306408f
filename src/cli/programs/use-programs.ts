import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileRecord } from '../../profiles/record.js';
import { cellId } from '../../results/cell-id.js';
import { beginRun, endRun } from '../../results/provenance.js';
import { writeResultsFile } from '../../results/store.js';
import { type Cell, SCHEMA_VERSION } from '../../results/types.js';
import type { SocketMachine } from '../../sockets/seat.js';
import { CATALOGUE } from '../catalogue.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';
import { JoinedDomains } from '../sockets/joined-domains.js';
import { readMachine } from '../sockets/machine-options.js';
import type { Environment, Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';
import { programMetrics } from './program-metrics.js';
import { programRow } from './program-row.js';
import { findInPath, type Measured, type Place, type ProgramTrial, runToEnd } from './trial.js';
import { TRIALS } from './trials.js';

export const PROGRAM_SCENARIO = 'unmodified-program';
const SCENARIO_VERSION = 1;
const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];
/** Ports in a row that are looked at for one that nobody has. */
const PORTS_TRIED = 100;

/** Carries out `interdom programs`. */
export async function usePrograms(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, terminal, words } = invocation;
  const names = TRIALS.map(({ name }) => name);
  const trials =
    positionals.length === 0 ? TRIALS : TRIALS.filter(({ name }) => positionals.includes(name));
  const { unknownName } = await import('../../base/did-you-mean.js');
  for (const name of positionals) {
    if (!names.includes(name)) throw unknownName('a program', name, names, 'interdom programs');
  }
  const transports = options.words('transports', TRANSPORTS) ?? TRANSPORTS;
  const machine = readMachine(options);
  const run = beginRun({
    startedAtMs: Date.now(),
    command: ['interdom', ...words],
    version: packageVersion(),
    commit: programCommit(),
    seed: 1,
    suite: PROGRAM_SCENARIO,
    host: hostFacts(),
    profiles: { [machine.profile.name]: profileRecord(machine.profile) },
  });
  const cells: Cell[] = [];
  for (const trial of trials) {
    terminal.note(`interdom: ${trial.name}: ${trial.summary}`);
    const made = await new Trial(trial, terminal).carryOut(
      transports.map((transport) => ({ ...machine, transport })),
    );
    for (const cell of made) {
      const why = cell.reason ?? cell.outcome?.['why'];
      if (why !== undefined)
        terminal.note(`interdom: ${trial.name} over ${cell.transport}: ${why}`);
    }
    cells.push(...made);
  }
  const rows = cells.map(programRow);
  await terminal.print(
    textTable(
      [
        'program',
        'transport',
        'throughput',
        'of loopback',
        'latency',
        'x loopback',
        'entries a request',
        '',
      ],
      rows,
      terminal.width,
    ),
  );
  const output = options.text('output');
  if (output !== undefined) {
    const complete = endRun(run, Date.now(), true);
    writeResultsFile(output, { schemaVersion: SCHEMA_VERSION, run: complete, cells });
    terminal.note(`interdom: ${output} is written`);
  }
  return cells.some(({ verdict }) => verdict === 'valid') ? EXIT.ok : EXIT.nothingMeasured;
}

/** One program, used directly and over each transport. */
class Trial {
  private readonly servers: ReturnType<typeof spawn>[] = [];
  private readonly environment: Environment;

  constructor(
    private readonly trial: ProgramTrial,
    terminal: Terminal,
  ) {
    this.environment = terminal.environment;
  }

  /** A cell for each machine. */
  async carryOut(machines: readonly SocketMachine[]): Promise<readonly Cell[]> {
    const { trial } = this;
    const missing = trial.needs.filter((name) => findInPath(name, this.environment) === undefined);
    if (missing.length > 0) {
      const reason = `${missing.join(', ')} is not there: install ${trial.packages.join(' ')}`;
      return machines.map((machine) => this.cell(machine, 'skipped', { reason }));
    }
    const folder = mkdtempSync(join(tmpdir(), `interdom-${trial.name}-`));
    const place = this.place(folder);
    try {
      const port = await this.freePort();
      const direct = await this.startAndUse(place, port);
      if (direct instanceof Error) {
        const reason = `without a transport it does not work either: ${direct.message}`;
        return machines.map((machine) => this.cell(machine, 'skipped', { reason }));
      }
      const cells: Cell[] = [];
      for (const machine of machines) cells.push(await this.over(machine, place, port, direct));
      return cells;
    } finally {
      for (const server of this.servers) {
        server.kill('SIGKILL');
        // What it has started may live on, and holds the other end.
        server.stderr?.destroy();
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private async startAndUse(place: Place, port: number): Promise<Measured | Error> {
    try {
      await this.trial.start(place, port);
      return await this.trial.use(place, port);
    } catch (error) {
      return error as Error;
    }
  }

  private async over(
    machine: SocketMachine,
    place: Place,
    port: number,
    direct: Measured,
  ): Promise<Cell> {
    const target = { kind: 'tcp', host: '127.0.0.1', port } as const;
    let died: Error | undefined;
    const domains = await JoinedDomains.start(machine, [target], (error) => {
      died = error;
    });
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void domains.near.carry(socket, 0, false);
    });
    try {
      await listenAt(server, await this.freePort());
      const { port: entrance } = server.address() as AddressInfo;
      const measured = await this.trial.use(place, entrance);
      const metrics = programMetrics(measured, direct, await domains.counts());
      return this.cell(machine, 'valid', { outcome: { works: true }, metrics });
    } catch (error) {
      // It works without the transport: a finding, and no fault of the measurement.
      const why = (died ?? (error as Error)).message;
      return this.cell(machine, 'valid', { outcome: { works: false, why } });
    } finally {
      server.close();
      await domains.end();
    }
  }

  private cell(
    machine: SocketMachine,
    verdict: Cell['verdict'],
    found: Pick<Cell, 'reason' | 'outcome'> & Partial<Pick<Cell, 'metrics'>>,
  ): Cell {
    const { transport, profile, ringSizeBytes, guestType, limits, inject } = machine;
    const driver = CATALOGUE.transports.find(({ name }) => name === transport);
    const ring = driver?.ringSize(ringSizeBytes);
    const identity = {
      testbed: 'live',
      profile: profile.name,
      transport,
      scenario: PROGRAM_SCENARIO,
      parameters: { program: this.trial.name, ringSizeBytes, guestType, limits, inject, seed: 1 },
    };
    return {
      id: cellId(identity),
      ...identity,
      scenarioVersion: SCENARIO_VERSION,
      effective: ring !== undefined && 'bytes' in ring ? { ringSizeBytes: ring.bytes } : {},
      verdict,
      ...(found.reason === undefined ? {} : { reason: found.reason }),
      ...(found.outcome === undefined ? {} : { outcome: found.outcome }),
      metrics: found.metrics ?? {},
    };
  }

  private place(folder: string): Place {
    const program = (name: string): string =>
      name.includes('/') ? name : (findInPath(name, this.environment) ?? name);
    return {
      folder,
      program,
      serve: (name, ...words) => {
        const server = spawn(program(name), words, { stdio: ['ignore', 'ignore', 'pipe'] });
        server.on('error', () => {});
        this.servers.push(server);
        return server;
      },
      run: (name, ...words) => runToEnd(program(name), words),
    };
  }

  /** A port that nobody has: any, or one of those of the program's protocol. */
  private async freePort(): Promise<number> {
    const first = this.trial.firstPort;
    const tries =
      first === undefined ? [0] : Array.from({ length: PORTS_TRIED }, (_, i) => first + 50 + i);
    for (const port of tries) {
      const server = createServer();
      try {
        await listenAt(server, port);
        return (server.address() as AddressInfo).port;
      } catch {
        // Somebody has it.
      } finally {
        server.close();
      }
    }
    throw new Error('no port is free');
  }
}

async function listenAt(server: Server, port: number): Promise<void> {
  server.listen({ port, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
}
