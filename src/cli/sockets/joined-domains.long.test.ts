import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Prng } from '../../base/prng.js';
import type { DomainSocket } from '../../sockets/domain-socket.js';
import { SOCKET_TRANSPORTS, sampleDomains, sampleMachine } from '../../sockets/sample-domains.js';
import { JoinedDomains } from './joined-domains.js';

const SEQUENTIAL = 10_000;
const AT_ONCE = 1000;
/** What Argo gives a domain. */
const V4V_AT_ONCE = 128;
const KILLS = 60;

async function listening(server: Server): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A tunnel in this process: its port, and how it is ended. */
async function tunnelTo(target: number, transport: string, whenFarFails = (_: Error) => {}) {
  const machine = sampleMachine(transport, { limits: 'raised', memoryBytes: 1 << 30 });
  const domains = await JoinedDomains.start(
    machine,
    [{ kind: 'tcp', host: '127.0.0.1', port: target }],
    whenFarFails,
  );
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void domains.near.carry(socket, 0, false);
  });
  return {
    domains,
    port: await listening(server),
    async end(): Promise<void> {
      server.close();
      await domains.end();
    },
  };
}

it('rings of 1 MiB use up the memory of a machine before anything else of it', async () => {
  const changes = { ringSizeBytes: 1 << 20, limits: 'raised', memoryBytes: 1 << 30 } as const;
  const [here, there] = await sampleDomains(sampleMachine('libvchan', changes));
  const last = (): void => {};
  there.createServer((socket) => socket.on('error', last)).listen(1);
  await here.whenListening(1);
  let failure: NodeJS.ErrnoException | undefined;
  while (failure === undefined) {
    const socket = here.connect(1);
    failure = await new Promise((resolve) => {
      socket.once('connect', () => resolve(undefined)).on('error', resolve);
    });
  }
  assert.match(failure.message, /limit: shared memory/);
  assert.ok(here.standing > 300, `${here.standing} connections`);
  here.close();
  there.close();
});

for (const transport of SOCKET_TRANSPORTS) {
  describe(`many connections over ${transport}`, () => {
    it(`${SEQUENTIAL} one after the other leave nothing behind`, async () => {
      const [here, there] = await sampleDomains(sampleMachine(transport));
      there.createServer((socket) => socket.pipe(socket)).listen(1);
      await here.whenListening(1);
      const exchange = async (): Promise<void> => {
        const socket = here.connect(1).end('x').resume();
        await once(socket, 'close');
      };
      await exchange();
      while (there.statistics().open > 0) await new Promise(setImmediate);
      const before = [here.holdings(), there.holdings()];
      for (let i = 0; i < SEQUENTIAL; i++) await exchange();
      while (here.statistics().open + there.statistics().open > 0) await new Promise(setImmediate);
      assert.deepEqual([here.holdings(), there.holdings()], before);
      assert.equal(here.statistics().connections, SEQUENTIAL + 1);
      here.close();
      there.close();
    });

    it('a limit that is met fails one connection, and leaves nothing of it behind', async () => {
      const [here, there] = await sampleDomains(
        sampleMachine(transport, { ringSizeBytes: 65_536 }),
      );
      there.createServer((socket) => socket.resume().on('end', () => socket.end())).listen(1);
      await here.whenListening(1);
      // What the first connection of a driver makes for all stays.
      await once(here.connect(1).end().resume(), 'close');
      while (there.statistics().open > 0) await new Promise(setImmediate);
      const before = here.holdings();
      const sockets: DomainSocket[] = [];
      let failure: NodeJS.ErrnoException | undefined;
      while (failure === undefined) {
        const socket = here.connect(1);
        failure = await new Promise((resolve) => {
          socket.once('connect', () => resolve(undefined)).once('error', resolve);
        });
        if (failure === undefined) sockets.push(socket);
      }
      assert.equal(failure.code, 'ENOBUFS');
      assert.match(failure.message, /limit: /);
      const held = here.holdings();
      for (let i = 0; i < 3; i++) {
        const [error] = (await once(here.connect(1), 'error')) as [NodeJS.ErrnoException];
        assert.equal(error.code, 'ENOBUFS');
      }
      assert.deepEqual(here.holdings(), held);
      for (const socket of sockets) socket.end().resume();
      while (here.statistics().open + there.statistics().open > 0) await new Promise(setImmediate);
      assert.deepEqual(here.holdings(), before);
      here.close();
      there.close();
    });

    it(`${AT_ONCE} HTTP requests at once are all answered`, async () => {
      // Nobody is answered before as many are there as the transport holds at once.
      const together = transport === 'v4v' ? V4V_AT_ONCE : AT_ONCE;
      const held: ServerResponse[] = [];
      let isOpen = false;
      const server = createHttpServer((_, response) => {
        held.push(response);
        if (held.length >= together) isOpen = true;
        if (isOpen) for (const one of held.splice(0)) one.end('here');
      });
      const tunnel = await tunnelTo(await listening(server), transport);
      const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY, keepAlive: false });
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          const asked = request({ host: '127.0.0.1', port: tunnel.port, agent }).end();
          const [response] = await once(asked, 'response');
          let body = '';
          for await (const chunk of response) body += chunk;
          return body;
        }),
      );
      assert.equal(answers.filter((body) => body === 'here').length, AT_ONCE);
      const { tally } = tunnel.domains.near;
      assert.equal(tally.connections, AT_ONCE);
      assert.ok(tally.mostOpen >= together, `${tally.mostOpen} at once`);
      assert.equal(tally.waited > 0, transport === 'v4v');
      server.close();
      await tunnel.end();
    });

    it('a kill of either end at any moment ends the other', async () => {
      const accepted: Socket[] = [];
      const server = createServer((socket) => accepted.push(socket.on('error', () => {})));
      const tunnel = await tunnelTo(await listening(server), transport);
      const prng = new Prng(7);
      for (let i = 0; i < KILLS; i++) {
        const client = connect(tunnel.port, '127.0.0.1').on('error', () => {});
        let clientError: NodeJS.ErrnoException | undefined;
        client.on('error', (error) => {
          clientError = error;
        });
        const byClient = prng.below(2) === 0;
        const talks = prng.below(2) === 0;
        await once(client, 'connect');
        while (accepted.length === 0) await new Promise(setImmediate);
        const far = accepted.shift() as Socket;
        const [victim, survivor] = byClient ? [client, far] : [far, client];
        survivor.resume();
        if (talks) for (const one of [client, far]) one.write(Buffer.alloc(300_000));
        const moment = prng.below(20);
        await new Promise((resolve) => setTimeout(resolve, moment / 4));
        const closed = new Promise<void>((resolve) => survivor.once('close', () => resolve()));
        victim.resetAndDestroy();
        await closed;
        // Where it was writing, Node reports a reset of plain TCP as an end now and then.
        if (!byClient && !talks) assert.equal(clientError?.code, 'ECONNRESET');
      }
      server.close();
      await tunnel.end();
    });

    it('the death of the other domain resets what it carried', async () => {
      const server = createServer((socket) => socket.on('error', () => {}).resume());
      const tunnel = await tunnelTo(await listening(server), transport);
      const client = connect(tunnel.port, '127.0.0.1');
      await once(client, 'connect');
      client.write('x');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const failed = once(client, 'error');
      await tunnel.end();
      const [error] = (await failed) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
      server.close();
    });
  });
}
