import { Prng } from '../../base/prng.js';
import type { Process } from '../../sim/process.js';
import type { TransportDriver } from '../contract.js';
import { outcomeName, TOO_LARGE } from '../contract.js';
import { type ConformanceCheck, forEachRing, randomSizes } from './check.js';
import { compute, type End, sleep } from './end.js';
import type { Trial } from './trial.js';

/** Whole messages: that they arrive, in order, unharmed, whatever their size and whoever is faster. */

function* sendAll(end: End, sizes: readonly number[], before?: (i: number) => Process): Process {
  for (const [index, size] of sizes.entries()) {
    if (before !== undefined) yield* before(index);
    yield* end.send(index, size);
  }
}

function* receiveAll(end: End, sizes: readonly number[], before?: (i: number) => Process): Process {
  for (const [index, size] of sizes.entries()) {
    if (before !== undefined) yield* before(index);
    yield* end.receive(index, size);
  }
}

/** All messages from the client to the server, then all back. */
function thereAndBack(trial: Trial, sizes: readonly number[]): void {
  trial.pair({
    *client(end) {
      yield* sendAll(end, sizes);
      yield* receiveAll(end, sizes);
    },
    *server(end) {
      yield* receiveAll(end, sizes);
      yield* sendAll(end, sizes);
    },
  });
}

export const orderAndIntegrity: ConformanceCheck = {
  name: 'order-and-integrity',
  promise: 'messages of random sizes arrive in order, with the bytes that were sent',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      thereAndBack(trial, randomSizes(new Prng(setting.seed), 60, trial.largestBytes));
    }),
};

export const boundaries: ConformanceCheck = {
  name: 'boundaries',
  promise: 'messages of one byte, around powers of two, and as large as can be, arrive',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { largestBytes, ringSizeBytes } = trial;
      const sizes = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65].concat(
        [largestBytes, ringSizeBytes, ringSizeBytes / 2].flatMap((bytes) => {
          const whole = Math.floor(bytes);
          return [whole - 1, whole, whole + 1];
        }),
      );
      const possible = [...new Set(sizes)].filter((size) => size > 0 && size <= largestBytes);
      const prng = new Prng(setting.seed);
      thereAndBack(trial, [
        ...possible,
        ...prng.shuffle([...possible]),
        largestBytes,
        largestBytes,
      ]);
    }),
};

/** Offers messages that cannot fit, between messages that can. */
function* offerTooLarge(trial: Trial, driver: TransportDriver, end: End): Process {
  const largest = driver.largestMessage(end.channel.ringSizeBytes);
  for (const [index, size] of [largest + 1, 2 * end.channel.ringSizeBytes].entries()) {
    const outcome = yield* end.trySend(99, size);
    if (outcome !== TOO_LARGE) {
      const ring = end.channel.ringSizeBytes;
      trial.fail(`a message of ${size} bytes through a ring of ${ring}: ${outcomeName(outcome)}`);
      return;
    }
    yield* end.send(index, largest);
  }
}

function* receiveTheRest(driver: TransportDriver, end: End, ringSizeBytes: number): Process {
  const largest = driver.largestMessage(ringSizeBytes);
  yield* end.receive(0, largest);
  yield* end.receive(1, largest);
}

export const tooLarge: ConformanceCheck = {
  name: 'too-large',
  promise: 'a message that can never fit is refused as too large, and leaves no trace',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      // The two directions may have different rings: each end knows its own, and tells the other by hand.
      const ofServer = trial.gate();
      const ofClient = trial.gate();
      trial.pair({
        *client(end) {
          ofClient.open(end.guest, end.channel.ringSizeBytes);
          const serverRing = yield* ofServer.pass(end.guest);
          yield* offerTooLarge(trial, driver, end);
          yield* receiveTheRest(driver, end, serverRing);
        },
        *server(end) {
          ofServer.open(end.guest, end.channel.ringSizeBytes);
          const clientRing = yield* ofClient.pass(end.guest);
          yield* receiveTheRest(driver, end, clientRing);
          yield* offerTooLarge(trial, driver, end);
        },
      });
    }),
};

/** So many messages of about a third of the ring that they fill it six times. */
function thirds(trial: Trial): number[] {
  const size = Math.max(1, Math.min(trial.largestBytes, Math.floor(trial.ringSizeBytes / 3)));
  return new Array(Math.ceil((6 * trial.ringSizeBytes) / size)).fill(size);
}

/** Now computing, now asleep: a partner that is late in either way. */
function late(end: End): (index: number) => Process {
  return function* (index) {
    if (index % 2 === 0) compute(end.guest, 30e6);
    else yield* sleep(end.guest, 30e6);
  };
}

/** Returns how many messages were taken before one was not. */
function* sendWhileThereIsRoom(end: End, sizes: readonly number[]): Process<number> {
  for (const [index, size] of sizes.entries()) {
    if ((yield* end.trySend(index, size)) !== size) return index;
  }
  return sizes.length;
}

export const slowReceiver: ConformanceCheck = {
  name: 'slow-receiver',
  promise: 'a sender that is ahead has to wait, and loses nothing',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const sizes = thirds(trial);
      // However late the receiver is: it takes nothing before the sender has found no room.
      const isFull = trial.gate();
      trial.pair({
        *client(end) {
          const sent = yield* sendWhileThereIsRoom(end, sizes);
          if (sent === sizes.length) {
            trial.fail('the sender never had to wait for room: nothing bounds what is on its way');
          }
          isFull.open(end.guest);
          for (let index = sent; index < sizes.length; index++) {
            yield* end.send(index, sizes[index] as number);
          }
        },
        *server(end) {
          yield* isFull.pass(end.guest);
          yield* receiveAll(end, sizes, late(end));
        },
      });
    }),
};

export const slowSender: ConformanceCheck = {
  name: 'slow-sender',
  promise: 'a receiver that is ahead waits, and is woken for each message',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const sizes = thirds(trial);
      trial.pair({
        *client(end) {
          yield* sendAll(end, sizes, late(end));
        },
        *server(end) {
          yield* receiveAll(end, sizes);
        },
      });
    }),
};

export const wrap: ConformanceCheck = {
  name: 'wrap',
  promise: 'messages that do not divide the ring go round it many times',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { ringSizeBytes, largestBytes } = trial;
      const size = Math.min(largestBytes, Math.floor((ringSizeBytes * 3) / 8) | 1);
      thereAndBack(trial, new Array(Math.ceil((24 * ringSizeBytes) / size)).fill(size));
    }),
};

/** A conversation that both ends know: who sends how much, in which order. */
interface Step {
  readonly fromClient: boolean;
  readonly bytes: number;
  readonly pausesPs: readonly [server: number, client: number];
}

function conversation(prng: Prng, steps: number, largest: number): Step[] {
  const sizes = randomSizes(prng, steps, largest);
  const pause = (): number => (prng.below(3) === 0 ? 0 : prng.below(4_000_000));
  return sizes.map((bytes) => ({
    fromClient: prng.below(2) === 0,
    bytes,
    pausesPs: [pause(), pause()],
  }));
}

function* converse(end: End, steps: readonly Step[], isClient: boolean): Process {
  let sent = 0;
  let received = 0;
  for (const { fromClient, bytes, pausesPs } of steps) {
    const pausePs = pausesPs[isClient ? 1 : 0] as number;
    if (pausePs % 2 === 0) compute(end.guest, pausePs);
    else yield* sleep(end.guest, pausePs);
    if (fromClient === isClient) yield* end.send(sent++, bytes);
    else yield* end.receive(received++, bytes);
  }
}

export const noLostWakeUp: ConformanceCheck = {
  name: 'no-lost-wake-up',
  promise: 'whichever side is late, and by how much, nobody waits for what has already happened',
  run: (driver, setting) => {
    for (let round = 0; round < 4; round++) {
      const seed = setting.seed + 100 * round;
      const outcome = forEachRing(driver, { ...setting, seed }, (trial) => {
        const steps = conversation(new Prng(seed), 50, trial.largestBytes);
        trial.pair({
          client: (end) => converse(end, steps, true),
          server: (end) => converse(end, steps, false),
        });
      });
      if (outcome.problem !== undefined) return outcome;
    }
    return {};
  },
};
