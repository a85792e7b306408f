import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellId } from '../../results/cell-id.js';
import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import type { Cell } from '../../results/types.js';
import type { SocketMachine } from '../../sockets/seat.js';
import { environmentWarnings } from '../../testbed/live/environment.js';
import { CATALOGUE } from '../catalogue.js';
import { freePort, Interposition } from '../sockets/interposition.js';
import { JoinedDomains } from '../sockets/joined-domains.js';
import { findCompiler } from '../sockets/preload-library.js';
import type { Environment } from '../terminal.js';
import { programMetrics } from './program-metrics.js';
import {
  findProgramOrServer,
  type Measured,
  type Place,
  type ProgramTrial,
  runToEnd,
  untilListening,
} from './trial.js';

const SCENARIO_VERSION = 2;
const DOMAINS = 2;
/** Ports in a row that are looked at for one that nobody has. */
const PORTS_TRIED = 100;

/** How programs come to a transport: both ends interposed, as `exec` does; or the client through a `tunnel`. */
export const WAYS = ['exec', 'tunnel'] as const;
export type Way = (typeof WAYS)[number];

/** One program, used directly and over each transport. */
export class TrialRun {
  private readonly servers: ChildProcess[] = [];
  private readonly hasCompiler = findCompiler() !== undefined;

  constructor(
    private readonly trial: ProgramTrial,
    private readonly environment: Environment,
  ) {}

  /** A cell for each machine and way. */
  async carryOut(
    machines: readonly SocketMachine[],
    ways: readonly Way[],
  ): Promise<readonly Cell[]> {
    const { trial } = this;
    const all = ways.flatMap((way) => machines.map((machine) => [machine, way] as const));
    const skipped = (reason: string): readonly Cell[] =>
      all.map(([machine, way]) => this.cell(machine, way, 'skipped', { reason }));
    const missing = trial.needs.filter(
      (name) => findProgramOrServer(name, this.environment) === undefined,
    );
    if (missing.length > 0) {
      return skipped(`${missing.join(', ')} is not there: install ${trial.packages.join(' ')}`);
    }
    const folder = mkdtempSync(join(tmpdir(), `interdom-${trial.name}-`));
    const place = this.place(folder, { ...this.environment });
    try {
      const port = await this.portOfTrial();
      let direct: Measured;
      try {
        await trial.prepare?.(place);
        await untilListening(port, trial.start(place, port));
        direct = await trial.use(place, port);
      } catch (error) {
        const why = (error as Error).message;
        return skipped(`without a transport it does not work either: ${why}`);
      }
      const cells: Cell[] = [];
      for (const [machine, way] of all) {
        // In turns, so that both see the same machine.
        if (cells.length > 0) direct = await trial.use(place, port);
        cells.push(await this.over(machine, way, folder, port, direct));
      }
      return cells;
    } finally {
      for (const server of this.servers) end(server);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** @param directPort where the server is that is used directly */
  private async over(
    machine: SocketMachine,
    way: Way,
    folder: string,
    directPort: number,
    direct: Measured,
  ): Promise<Cell> {
    if (way === 'exec' && !this.hasCompiler) {
      const reason = 'the preload library cannot be compiled: install gcc libc6-dev';
      return this.cell(machine, way, 'skipped', { reason });
    }
    const port = way === 'exec' ? await freePort() : directPort;
    const target = { kind: 'tcp', host: '127.0.0.1', port } as const;
    let died: Error | undefined;
    const domains = await JoinedDomains.start(machine, [target], (error) => {
      died = error;
    });
    try {
      const measured =
        way === 'exec'
          ? await this.useInterposed(domains, folder, port)
          : await this.useTunnel(domains, folder);
      const metrics = programMetrics(measured, direct, await domains.counts());
      return this.cell(machine, way, 'valid', { outcome: { works: true }, metrics });
    } catch (error) {
      // It works without the transport: a finding, and no fault of the measurement.
      const why = (died ?? (error as Error)).message;
      return this.cell(machine, way, 'valid', { outcome: { works: false, why } });
    } finally {
      await domains.end();
    }
  }

  /** Server and client with the preload library: nobody listens at the port that both believe to use. */
  private async useInterposed(
    domains: JoinedDomains,
    folder: string,
    port: number,
  ): Promise<Measured> {
    const { trial } = this;
    const known = await this.portOfTrial();
    const chosen = [`127.0.0.1:${known}`];
    const target = { kind: 'tcp', host: '127.0.0.1', port } as const;
    const interposition = await Interposition.start(
      domains.near,
      [{ chosen, target }],
      [{ chosen, port }],
      this.environment,
    );
    const place = this.place(folder, interposition.environment);
    let server: ChildProcess | undefined;
    try {
      server = trial.start(place, known);
      await untilListening(port, server);
      return await trial.use(place, known);
    } finally {
      if (server !== undefined) end(server);
      interposition.close();
    }
  }

  private async useTunnel(domains: JoinedDomains, folder: string): Promise<Measured> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void domains.near.carry(socket, 0, false);
    });
    try {
      const port = await this.portOfTrial();
      await listenAt(server, port);
      return await this.trial.use(this.place(folder, { ...this.environment }), port);
    } finally {
      server.close();
    }
  }

  private cell(
    machine: SocketMachine,
    way: Way,
    verdict: Cell['verdict'],
    found: Pick<Cell, 'reason' | 'outcome'> & Partial<Pick<Cell, 'metrics'>>,
  ): Cell {
    const { transport, profile, ringSizeBytes, guestType, limits, inject } = machine;
    const driver = CATALOGUE.transports.find(({ name }) => name === transport);
    const ring = driver?.ringSize(ringSizeBytes);
    const program = this.trial.name;
    const notes = verdict === 'valid' ? environmentWarnings(DOMAINS) : [];
    const identity = {
      testbed: 'live',
      profile: profile.name,
      transport,
      scenario: PROGRAM_SCENARIO,
      parameters: { program, way, ringSizeBytes, guestType, limits, inject, seed: 1 },
    };
    return {
      id: cellId(identity),
      ...identity,
      scenarioVersion: SCENARIO_VERSION,
      effective: ring !== undefined && 'bytes' in ring ? { ringSizeBytes: ring.bytes } : {},
      verdict,
      ...(notes.length === 0 ? {} : { notes }),
      ...(found.reason === undefined ? {} : { reason: found.reason }),
      ...(found.outcome === undefined ? {} : { outcome: found.outcome }),
      metrics: found.metrics ?? {},
    };
  }

  private place(folder: string, env: NodeJS.ProcessEnv): Place {
    const program = (name: string): string =>
      name.includes('/') ? name : (findProgramOrServer(name, this.environment) ?? name);
    return {
      folder,
      program,
      serve: (name, ...words) => {
        const server = spawn(program(name), words, { stdio: ['ignore', 'ignore', 'pipe'], env });
        server.on('error', () => {});
        this.servers.push(server);
        return server;
      },
      run: (name, ...words) => runToEnd(program(name), words, env),
    };
  }

  /** A port that nobody has: any, or one of those of the program's protocol. */
  private async portOfTrial(): Promise<number> {
    const first = this.trial.firstPort;
    if (first === undefined) return freePort();
    for (let port = first + 50; port < first + 50 + PORTS_TRIED; port++) {
      const server = createServer();
      try {
        await listenAt(server, port);
        return port;
      } catch {
        // Somebody has it.
      } finally {
        server.close();
      }
    }
    throw new Error('no port is free');
  }
}

/** Ends a server. What it has started may live on, and holds the other end of its pipe. */
function end(server: ChildProcess): void {
  server.kill('SIGKILL');
  server.stderr?.destroy();
}

async function listenAt(server: Server, port: number): Promise<void> {
  server.listen({ port, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
}
