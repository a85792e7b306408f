import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { firstLine } from './answer-line.js';
import { FarSide } from './far-side.js';
import { NearSide } from './near-side.js';
import { SOCKET_TRANSPORTS, sampleDomains, sampleMachine } from './sample-domains.js';
import { dial, type SocketAddress } from './socket-address.js';

const KINDS = ['tcp', 'unix'] as const;

/** A relay from an address of one kind to a server that does as `serve` says. */
async function relayTo(
  transport: string,
  kind: (typeof KINDS)[number],
  serve: (socket: Socket) => void,
  answers = false,
) {
  const [here, there] = await sampleDomains(sampleMachine(transport, { ringSizeBytes: 65_536 }));
  const folder = mkdtempSync(join(tmpdir(), 'interdom-relay-'));
  const target = createServer({ allowHalfOpen: true }, serve);
  target.listen({ port: 0, host: '127.0.0.1' });
  await once(target, 'listening');
  const far = new FarSide(there, [tcpAddress(target)]);
  await here.whenListening(0);
  const near = new NearSide(here, () => Number(process.hrtime.bigint()) / 1e6);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void near.carry(socket, 0, answers);
  });
  server.listen(
    kind === 'unix' ? { path: join(folder, 'socket') } : { port: 0, host: '127.0.0.1' },
  );
  await once(server, 'listening');
  const address: SocketAddress =
    kind === 'unix' ? { kind, path: join(folder, 'socket') } : tcpAddress(server);
  return {
    here,
    near,
    far,
    dial: () => dial(address),
    end(): void {
      for (const one of [server, target]) one.close();
      for (const one of [here, there]) one.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function tcpAddress(server: Server): SocketAddress {
  const { port } = server.address() as AddressInfo;
  return { kind: 'tcp', host: '127.0.0.1', port };
}

function echo(socket: Socket): void {
  socket.on('error', () => {}).pipe(socket);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

/** More than V2V can hold at once, so that some wait. */
const AT_ONCE = 30;

for (const kind of KINDS) {
  for (const transport of SOCKET_TRANSPORTS) {
    describe(`a relay from a ${kind} socket over ${transport}`, () => {
      it('programs that go before they are carried leave nothing behind', async () => {
        const relay = await relayTo(transport, kind, echo);
        for (let i = 0; i < AT_ONCE; i++) {
          const client = relay.dial().on('error', () => {});
          client.once('connect', () => client.destroy());
        }
        await until(() => relay.near.tally.connections === AT_ONCE && relay.here.standing === 0);
        relay.end();
        assert.equal(relay.near.tally.open, 0);
        assert.deepEqual([...relay.near.tally.refused], []);
      });

      it('a program that sends and closes has sent it, and has not reset', async () => {
        const got: { bytes: number; ending: string }[] = [];
        const relay = await relayTo(transport, kind, (socket) => {
          let bytes = 0;
          socket.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
          });
          socket.on('end', () => {
            got.push({ bytes, ending: 'end' });
            socket.end();
          });
          socket.on('error', ({ message }) => got.push({ bytes, ending: message }));
        });
        const client = relay.dial();
        client.write(Buffer.alloc(300_000), () => client.destroy());
        await until(() => got.length > 0 && relay.here.standing === 0);
        relay.end();
        assert.deepEqual(got, [{ bytes: 300_000, ending: 'end' }]);
        assert.equal(relay.near.tally.resets + relay.far.tally.resets, 0);
      });
    });
  }
}

it('a program can open more connections than there are resources before it uses any', async () => {
  const relay = await relayTo('v2v', 'tcp', echo, true);
  const clients = Array.from({ length: AT_ONCE }, () => relay.dial());
  // As the preload library does: each is connected when it has been told so.
  for (const client of clients) assert.equal(await firstLine(client), '0');
  assert.ok(relay.near.tally.waited > 0);
  const answers = clients.map(async (client, i) => {
    let text = '';
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    client.end(`client ${i}`);
    await once(client, 'close');
    return text;
  });
  assert.deepEqual(
    await Promise.all(answers),
    clients.map((_, i) => `client ${i}`),
  );
  relay.end();
});

it('what a relay has carried are the bytes of the programs alone', async () => {
  const relay = await relayTo('v4v', 'tcp', echo);
  const client = relay.dial().end('twelve bytes').resume();
  await once(client, 'close');
  await until(() => relay.here.standing === 0);
  relay.end();
  for (const { tally } of [relay.near, relay.far]) {
    assert.deepEqual([tally.bytesToTarget, tally.bytesFromTarget], [12, 12]);
  }
});
