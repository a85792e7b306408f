import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { DomainServer } from './domain-server.js';
import type { DomainSocket } from './domain-socket.js';
import type { LiveDomain } from './live-domain.js';

/** The rows of the table of docs/sockets.md: each says how a socket behaves here, and shows it. */

/** What a row is tried on. */
export interface Bench {
  /** Fresh for each row. */
  readonly here: LiveDomain;
  readonly there: LiveDomain;
}

export interface SemanticsRow {
  readonly situation: string;
  readonly tcp: string;
  /** "as TCP", or how it differs. */
  readonly here: string;
  /** Shows it: throws where it is not so. */
  show(bench: Bench): Promise<void>;
}

const PORT = 5;

type Serve = (socket: DomainSocket) => void;

async function listen(domain: LiveDomain, serve: Serve): Promise<DomainServer> {
  const server = domain.createServer(serve).listen(PORT);
  await once(server, 'listening');
  return server;
}

/** A connection, with the end of the server. */
async function connected({
  here,
  there,
}: Bench): Promise<{ client: DomainSocket; server: DomainSocket; listener: DomainServer }> {
  let take: Serve = () => {};
  const accepted = new Promise<DomainSocket>((resolve) => {
    take = resolve;
  });
  const listener = await listen(there, (socket) => take(socket));
  await here.whenListening(PORT);
  const client = here.connect(PORT);
  await once(client, 'connect');
  return { client, server: await accepted, listener };
}

/** All that comes until the end. (An iterator over the stream would destroy it there, and with it the other direction.) */
async function bytes(socket: DomainSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

async function text(socket: DomainSocket): Promise<string> {
  return (await bytes(socket)).toString();
}

async function errorOf(socket: DomainSocket): Promise<unknown> {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}

async function gone(...sockets: readonly DomainSocket[]): Promise<void> {
  for (const socket of sockets) {
    // `once` would reject where it closes with an error.
    if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', resolve));
  }
}

/** Waits until a number no longer changes: nothing moves any more. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = read();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until all connections are taken down. */
async function idle({ here, there }: Bench): Promise<void> {
  while (here.statistics().open + there.statistics().open > 0) await new Promise(setImmediate);
}

export const SEMANTICS: readonly SemanticsRow[] = [
  {
    situation: 'connect, and nobody listens',
    tcp: 'ECONNREFUSED',
    here: 'as TCP',
    async show({ here }) {
      assert.equal(await errorOf(here.connect(PORT)), 'ECONNREFUSED');
    },
  },
  {
    situation: 'connections arrive before the server does anything with them',
    tcp: 'wait in the accept queue; data can be sent meanwhile',
    here: "as TCP, without a length of the queue: Xen's limits are the limit (ENOBUFS)",
    async show({ here, there }) {
      const waiting: DomainSocket[] = [];
      await listen(there, (socket) => waiting.push(socket));
      await here.whenListening(PORT);
      const clients = Array.from({ length: 5 }, (_, i) => here.connect(PORT).end(`client ${i}`));
      while (waiting.length < 5) await new Promise(setImmediate);
      const heard = await Promise.all(waiting.map(text));
      assert.deepEqual(heard.sort(), ['client 0', 'client 1', 'client 2', 'client 3', 'client 4']);
      for (const socket of [...clients, ...waiting]) socket.destroy();
    },
  },
  {
    situation: 'one end says its last and goes on reading (half-close)',
    tcp: 'the other reads the end, and can still send',
    here: 'as TCP. No transport has it: an end frame stands for FIN',
    async show(bench) {
      const { client, server } = await connected(bench);
      client.end('question');
      assert.equal(await text(server), 'question');
      server.end('answer');
      assert.equal(await text(client), 'answer');
    },
  },
  {
    situation: 'one end resets (RST)',
    tcp: 'the other gets ECONNRESET; what it has not read may be lost',
    here: 'ECONNRESET, behind all that was sent before: nothing that the transport took is lost',
    async show(bench) {
      const { client, server } = await connected(bench);
      client.write('last words');
      await settled(() => client.writableLength);
      client.on('error', () => {}).resetAndDestroy();
      const heard: string[] = [];
      server.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
      assert.equal(await errorOf(server), 'ECONNRESET');
      assert.equal(heard.join(''), 'last words');
    },
  },
  {
    situation: 'one end sends and resets at once, before the other has read anything',
    tcp: 'ECONNRESET; what was sent may be lost',
    here: 'what was sent can be read, and then ECONNRESET',
    async show(bench) {
      const { client, server } = await connected(bench);
      client.write('first and last');
      await settled(() => client.writableLength);
      client.on('error', () => {}).resetAndDestroy();
      // It asks for data when there is some already, and takes it by pieces.
      const failed = errorOf(server);
      await settled(() => bench.there.statistics().open);
      let heard = '';
      while (heard.length < 'first and last'.length) {
        const byte = server.read(1) as Buffer | null;
        if (byte === null) await once(server, 'readable');
        else heard += byte.toString();
      }
      assert.equal(heard, 'first and last');
      assert.equal(await failed, 'ECONNRESET');
    },
  },
  {
    situation: 'write, after the other end has closed',
    tcp: 'EPIPE or ECONNRESET, from the second write on',
    here: 'EPIPE where it had closed in order, ECONNRESET where not; from the first write that finds out',
    async show(bench) {
      const { client, server } = await connected(bench);
      server.destroy();
      await gone(server);
      await settled(() => bench.there.statistics().open);
      client.write('too late');
      assert.equal(await errorOf(client), 'EPIPE');
    },
  },
  {
    situation: 'the other domain dies',
    tcp: 'ETIMEDOUT after minutes where its host is gone; ECONNRESET where only the program is',
    here: 'ECONNRESET at once: the toolstack knows',
    async show(bench) {
      const { client, server } = await connected(bench);
      server.on('error', () => {});
      const failed = errorOf(client.resume());
      bench.there.close();
      assert.equal(await failed, 'ECONNRESET');
    },
  },
  {
    situation: 'the other domain is there, but does not run (paused, or hung)',
    tcp: 'connect: ETIMEDOUT after some 2 minutes; what was sent: ETIMEDOUT after some 15',
    here: 'connect: ETIMEDOUT after 127 s, where it needs an answer. What was sent waits without an end, and arrives when the domain runs again: the toolstack knows that it is there',
    async show(bench) {
      const { client, server } = await connected(bench);
      const heard: string[] = [];
      server.on('data', (bytes: Buffer) => heard.push(bytes.toString())).on('error', () => {});
      client.on('error', () => {});
      // The server's program has asked for data before its domain stops.
      await new Promise(setImmediate);
      bench.there.pause();
      client.write('not lost');
      await settled(() => client.writableLength);
      assert.deepEqual(heard, []);
      bench.there.unpause();
      while (heard.join('') !== 'not lost') await new Promise(setImmediate);
      bench.here.createServer().listen(PORT);
      await bench.there.whenListening(PORT);
      bench.here.pause();
      bench.there.connectTimeoutMs = 1;
      assert.equal(await errorOf(bench.there.connect(PORT)), 'ETIMEDOUT');
      bench.here.unpause();
    },
  },
  {
    situation: 'connections are closed in another order than they were made, by either end or both',
    tcp: 'does not matter',
    here: 'as TCP: no event channel, ring or frame stays behind',
    async show(bench) {
      const { client, server, listener } = await connected(bench);
      client.end().resume();
      server.end().resume();
      await gone(client, server);
      await idle(bench);
      const before = bench.here.holdings();
      const servers: DomainSocket[] = [];
      listener.removeAllListeners('connection').on('connection', (one) => servers.push(one));
      const clients = Array.from({ length: 8 }, () => bench.here.connect(PORT));
      while (servers.length < 8) await new Promise(setImmediate);
      const all = clients.map((one, i) => [one, servers[i] as DomainSocket] as const);
      for (const socket of [...clients, ...servers]) socket.on('error', () => {}).resume();
      for (const [i, pair] of all.reverse().entries()) {
        if (i % 3 !== 1) pair[0].end();
        if (i % 3 !== 0) pair[1].end();
        if (i % 4 === 3) pair[0].resetAndDestroy();
      }
      for (const socket of [...clients, ...servers]) socket.end();
      await gone(...clients, ...servers);
      await idle(bench);
      assert.deepEqual(bench.here.holdings(), before);
    },
  },
  {
    situation: 'a write of no bytes',
    tcp: 'nothing is sent; it is not the end',
    here: 'as TCP',
    async show(bench) {
      const { client, server } = await connected(bench);
      client.write('');
      client.write('x');
      client.write(Buffer.alloc(0));
      client.end();
      assert.equal(await text(server), 'x');
    },
  },
  {
    situation: 'a write that is many times larger than the ring',
    tcp: 'is taken as buffers empty',
    here: 'as TCP',
    async show(bench) {
      const { client, server } = await connected(bench);
      const sent = Buffer.alloc(3_000_000, 'interdom');
      client.end(sent);
      assert.ok((await bytes(server)).equals(sent));
    },
  },
  {
    situation: 'borders of writes (datagrams)',
    tcp: 'are not kept',
    here: 'as TCP, also where the transport keeps them (V4V, V2V): a socket is a stream',
    async show(bench) {
      const { client, server } = await connected(bench);
      for (let i = 0; i < 200; i++) client.write(`${i},`);
      client.end();
      assert.equal(await text(server), Array.from({ length: 200 }, (_, i) => `${i},`).join(''));
    },
  },
  {
    situation: 'a reader that does not read',
    tcp: 'the writer stops when buffers are full',
    here: "as TCP: the ring is the buffer, beside those of Node's streams",
    async show(bench) {
      const { client, server } = await connected(bench);
      server.pause();
      client.write(Buffer.alloc(1_000_000));
      assert.ok(client.writableNeedDrain);
      const taken = await settled(() => server.readableLength);
      assert.ok(taken < 200_000, `${taken} bytes were read that nobody asked for`);
      server.resume();
      await once(client, 'drain');
      client.end().resume();
      server.end();
      await gone(client, server);
    },
  },
  {
    situation: 'many clients of one server',
    tcp: 'each has its own connection',
    here: 'as TCP: each has its own rings and event channels',
    async show({ here, there }) {
      await listen(there, (socket) => socket.pipe(socket));
      await here.whenListening(PORT);
      const heard = await Promise.all(
        Array.from({ length: 12 }, (_, i) => text(here.connect(PORT).end(`client ${i}`))),
      );
      assert.deepEqual(
        heard,
        Array.from({ length: 12 }, (_, i) => `client ${i}`),
      );
    },
  },
  {
    situation: 'a port is used again, at once after its server has closed',
    tcp: 'EADDRINUSE for a minute, without SO_REUSEADDR',
    here: 'possible at once; EADDRINUSE only while somebody listens',
    async show(bench) {
      const { client, server, listener } = await connected(bench);
      const second = bench.there.createServer();
      const taken = once(second, 'error');
      second.listen(PORT);
      assert.equal(((await taken)[0] as NodeJS.ErrnoException).code, 'EADDRINUSE');
      listener.close();
      await listen(bench.there, (socket) => socket.end('the second'));
      assert.equal(await text(bench.here.connect(PORT).end()), 'the second');
      client.end('still there');
      assert.equal(await text(server), 'still there');
    },
  },
];

/** The table as Markdown. */
export function semanticsTable(): string {
  const rows = SEMANTICS.map(({ situation, tcp, here }) => `| ${situation} | ${tcp} | ${here} |`);
  return ['| situation | TCP | here, on every transport |', '| --- | --- | --- |', ...rows].join(
    '\n',
  );
}
