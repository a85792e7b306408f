import type { Process } from '../../sim/process.js';
import { PAGE_SIZE } from '../../xen/memory.js';
import type { TransportDriver } from '../contract.js';
import { outcomeName, PEER_GONE } from '../contract.js';
import type { Guest } from '../guest.js';
import { grownSince, type Holdings } from '../holdings.js';
import { type CheckOutcome, type ConformanceCheck, forEachRing } from './check.js';
import { type End, settled, sleep } from './end.js';
import { ringSizesFor, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** Connections: whoever comes first, many of them, and what they leave behind. */

/** One message each way. */
function greeting(size: number): { client(end: End): Process; server(end: End): Process } {
  return {
    *client(end) {
      yield* end.send(0, size);
      yield* end.receive(0, size);
    },
    *server(end) {
      yield* end.receive(0, size);
      yield* end.send(0, size);
    },
  };
}

/** The smallest ring that the transport can have. */
function smallestRing(driver: TransportDriver): number {
  return ringSizesFor(driver)[0] ?? 0;
}

export const eitherSideFirst: ConformanceCheck = {
  name: 'either-side-first',
  promise: 'a connection comes about whether the server or the client is there first',
  run: (driver, setting) => {
    const latePs = 400e6;
    for (const lateness of [{ server: latePs }, { client: latePs }, {}]) {
      const outcome = forEachRing(driver, setting, (trial) => {
        trial.pair({ ...greeting(trial.largestBytes), latePs: lateness });
      });
      if (outcome.problem !== undefined) return outcome;
    }
    return {};
  },
};

export const sideBySide: ConformanceCheck = {
  name: 'side-by-side',
  promise: 'several connections of the same two domains do not disturb each other',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      for (let port = 1; port <= 4; port++) {
        const size = Math.max(1, Math.floor(trial.largestBytes / port));
        trial.pair(
          {
            *client(end) {
              for (let i = 0; i < 15; i++) yield* end.send(i, size);
            },
            *server(end) {
              for (let i = 0; i < 15; i++) yield* end.receive(i, size);
            },
          },
          port,
        );
      }
    }),
};

/** Many clients of one listener: it takes whole messages from any of them, and answers each. */
function fanIn(trial: Trial): void {
  const { server, clients } = trial;
  const each = 5;
  const size = Math.min(trial.largestBytes, 100);
  trial.spawn(
    server,
    'server',
    (function* (): Process {
      const listener = yield* trial.listen(1, clients);
      if (listener === undefined) return;
      const ends: End[] = [];
      for (const client of clients) {
        const outcome = yield* listener.accept();
        if (!('channel' in outcome)) return trial.fail(`accept failed: ${outcome.failed}`);
        ends.push(trial.end(server, outcome.channel, 1, client));
      }
      const into = server.domain.allocate(1);
      const received = clients.map(() => 0);
      const next = (): Process<number> =>
        settled(
          () => listener.tryReceive(into, size),
          () => listener.waitUntilReadable(),
        );
      for (let i = 0; i < clients.length * each; i++) {
        const outcome = yield* next();
        if (outcome !== size) return trial.fail(`receiving from any: ${outcomeName(outcome)}`);
        const source = listener.lastSource;
        const index = received[source] as number;
        received[source] = index + 1;
        (ends[source] as End).checkReceived(index, into, size);
      }
      if (received.some((count) => count !== each)) {
        trial.fail(`received ${received.join(', ')} messages of the clients, not ${each} of each`);
      }
      for (const end of ends) yield* end.send(0, size);
      const last = yield* next();
      if (last !== PEER_GONE) trial.fail(`all clients have closed: ${outcomeName(last)}`);
      yield* listener.close();
    })(),
  );
  for (const client of clients) {
    trial.spawn(
      client,
      'client',
      (function* (): Process {
        const channel = yield* trial.connect(client, 1, clients);
        if (channel === undefined) return;
        const end = trial.end(client, channel, 1, client);
        for (let i = 0; i < each; i++) yield* end.send(i, size);
        yield* end.receive(0, size);
        yield* channel.close();
      })(),
    );
  }
}

export const manyConnections: ConformanceCheck = {
  name: 'many-connections',
  promise: 'one listener serves one, two or 32 clients at once, and tells their messages apart',
  run: (driver, setting) => {
    for (const clients of [1, 2, 32]) {
      const trial = new Trial(driver, setting, { ringSizeBytes: smallestRing(driver), clients });
      fanIn(trial);
      const problem = trial.run();
      if (problem !== undefined) return { problem: `${clients} clients: ${problem}` };
    }
    return {};
  },
};

/**
 * The first client asks several times at once and is slow to take the answers, so that the server has to wait for it; the
 * others ask, take their answer, and pause.
 */
function conversations(trial: Trial): void {
  const { server, clients, largestBytes } = trial;
  const each = 9;
  const atOnce = 3;
  const request = Math.max(1, Math.floor(largestBytes / (2 * atOnce)));
  trial.spawn(
    server,
    'server',
    (function* (): Process {
      const listener = yield* trial.listen(1, clients);
      if (listener === undefined) return;
      const ends: End[] = [];
      for (const client of clients) {
        const outcome = yield* listener.accept();
        if (!('channel' in outcome)) return trial.fail(`accept failed: ${outcome.failed}`);
        ends.push(trial.end(server, outcome.channel, 1, client));
      }
      const into = server.domain.allocate(1 + Math.ceil(largestBytes / PAGE_SIZE));
      const answered = clients.map(() => 0);
      const next = (): Process<number> =>
        settled(
          () => listener.tryReceive(into, request),
          () => listener.waitUntilReadable(),
        );
      for (let i = 0; i < clients.length * each; i++) {
        const outcome = yield* next();
        if (outcome !== request) return trial.fail(`receiving from any: ${outcomeName(outcome)}`);
        const source = listener.lastSource;
        const end = ends[source] as End;
        const index = answered[source] as number;
        answered[source] = index + 1;
        end.checkReceived(index, into, request);
        yield* end.send(index, largestBytes);
      }
      const last = yield* next();
      if (last !== PEER_GONE) trial.fail(`all clients have closed: ${outcomeName(last)}`);
      yield* listener.close();
    })(),
  );
  for (const [place, client] of clients.entries()) {
    trial.spawn(
      client,
      'client',
      (function* (): Process {
        const channel = yield* trial.connect(client, 1, clients);
        if (channel === undefined) return;
        const end = trial.end(client, channel, 1, client);
        const batch = place === 0 ? atOnce : 1;
        for (let i = 0; i < each; i++) {
          if (i % batch === 0) {
            for (let ahead = 0; ahead < batch; ahead++) yield* end.send(i + ahead, request);
          }
          yield* sleep(client, batch > 1 ? 100e6 : 17e6 * place);
          yield* end.receive(i, largestBytes);
        }
        yield* channel.close();
      })(),
    );
  }
}

export const manyConversations: ConformanceCheck = {
  name: 'many-conversations',
  promise: 'a server that waits for one slow client does not miss what the others send meanwhile',
  run: (driver, setting) => forEachRing(driver, setting, conversations, { clients: 3 }),
};

/** Connects and closes so often, each time through a port of its own. Says what is left each time. */
function connectAndClose(
  trial: Trial,
  times: number,
  closesFirst: 'server' | 'client',
  left: (held: Holdings, time: number) => void,
): string | undefined {
  for (let time = 1; time <= times; time++) {
    trial.pair({ ...greeting(Math.min(trial.largestBytes, 64)), closesFirst }, time);
    const problem = trial.run();
    if (problem !== undefined) return `connection number ${time}: ${problem}`;
    left(trial.holdings(), time);
  }
  return undefined;
}

/** Compares what is held after the first connection with what is held after the last. */
function checkLeftOvers(
  driver: TransportDriver,
  setting: Setting,
  times: number,
  closesFirst: 'server' | 'client',
): CheckOutcome {
  const findings: Record<string, string> = {};
  for (const ringSizeBytes of ringSizesFor(driver)) {
    const trial = new Trial(driver, setting, { ringSizeBytes });
    const start = trial.holdings();
    let first = start;
    let last = start;
    const problem = connectAndClose(trial, times, closesFirst, (held, time) => {
      if (time === 1) first = held;
      last = held;
    });
    if (problem !== undefined) return { problem };
    const leaked = grownSince(first, last);
    if (leaked !== undefined) return { problem: `${times - 1} closed connections left ${leaked}` };
    const kept = grownSince(start, first);
    if (kept !== undefined) findings['kept after the first connection'] = kept;
  }
  return { findings };
}

export const noLeak: ConformanceCheck = {
  name: 'no-leak',
  promise: 'a closed connection leaves no grant, mapping, port, frame, node, watch or ring behind',
  run: (driver, setting) => checkLeftOvers(driver, setting, 4, 'client'),
};

export const noLeakServerFirst: ConformanceCheck = {
  name: 'no-leak-server-first',
  promise: 'nor where the server closes first, once the client has closed, too',
  run: (driver, setting) => checkLeftOvers(driver, setting, 4, 'server'),
};

export const connectionAfterConnection: ConformanceCheck = {
  name: 'connection-after-connection',
  promise: '200 connections, one after the other, work like the first and leave nothing',
  // One setting of each grant mode is enough for the long run: `no-leak` has the others.
  run: (driver, setting) =>
    setting.seed === 1 ? checkLeftOvers(driver, setting, 200, 'client') : {},
};

export const idleConnection: ConformanceCheck = {
  name: 'idle-connection',
  promise: 'a connection that nobody has used for a second still works',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { client, server } = greeting(trial.largestBytes);
      const nap = function* (guest: Guest): Process {
        yield* sleep(guest, 1e12);
      };
      trial.pair({
        *client(end) {
          yield* client(end);
          yield* nap(end.guest);
          yield* client(end);
        },
        *server(end) {
          yield* server(end);
          yield* server(end);
        },
      });
    }),
};
