import { Prng } from '../../base/prng.js';
import type { Process } from '../../sim/process.js';
import { outcomeName, WOULD_BLOCK } from '../contract.js';
import type { Gate } from '../gate.js';
import { type ConformanceCheck, forEachRing, noStream, randomSizes } from './check.js';
import type { End } from './end.js';
import type { Trial } from './trial.js';

/** Streams of bytes, what a ring holds, and both directions at once. */

function* writeAll(end: End, sizes: readonly number[]): Process {
  let position = 0;
  for (const size of sizes) {
    yield* end.write(position, size);
    position += size;
  }
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

export const streamIntegrity: ConformanceCheck = {
  name: 'stream-integrity',
  promise: 'a stream written and read in pieces of random sizes arrives as it was written',
  skipReason: noStream,
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const prng = new Prng(setting.seed);
      const sizes = randomSizes(prng, 40, trial.ringSizeBytes);
      const total = sum(sizes);
      const most = (): number => 1 + prng.below(trial.ringSizeBytes);
      trial.pair({
        *client(end) {
          yield* writeAll(end, sizes);
          yield* end.read(0, total, most);
        },
        *server(end) {
          yield* end.read(0, total, most);
          yield* writeAll(end, sizes);
        },
      });
    }),
};

export const partialWrites: ConformanceCheck = {
  name: 'partial-writes',
  promise: 'a write larger than the ring is taken in parts, and read with any size of buffer',
  skipReason: noStream,
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { ringSizeBytes } = trial;
      const tiny = Math.min(600, ringSizeBytes);
      const prng = new Prng(setting.seed);
      trial.pair({
        *client(end) {
          yield* end.write(0, 3 * ringSizeBytes);
          yield* end.write(3 * ringSizeBytes, 3 * ringSizeBytes);
        },
        *server(end) {
          yield* end.read(0, tiny, () => 1 + prng.below(7));
          yield* end.read(tiny, 6 * ringSizeBytes - tiny, () => 4 * ringSizeBytes);
        },
      });
    }),
};

/** Fills the ring while nobody reads. Returns how many messages it took. */
function* fill(
  trial: Trial,
  end: End,
  unit: number,
  attempt: (index: number) => Process<number>,
): Process<number> {
  const ring = end.channel.ringSizeBytes;
  let taken = 0;
  for (let bytes = 0; ; taken++) {
    const outcome = yield* attempt(taken);
    if (outcome === WOULD_BLOCK) return taken;
    bytes += outcome;
    if (outcome !== unit || bytes > ring) {
      trial.fail(
        outcome === unit
          ? `a ring of ${ring} bytes took ${bytes} that nobody has read`
          : `sending ${unit} bytes into a ring of ${ring}: ${outcomeName(outcome)}`,
      );
      return taken;
    }
  }
}

/** How many of each kind one side has put into the ring, told to the other by hand. */
interface Filling {
  /** Opened with how many messages, or bytes of a stream, there are. */
  readonly done: Gate;
  readonly emptied: Gate;
}

const newFilling = (trial: Trial): Filling => ({ done: trial.gate(), emptied: trial.gate() });

function* fillWithMessages(trial: Trial, end: End, size: number, filling: Filling): Process {
  const messages = yield* fill(trial, end, size, (index) => end.trySend(index, size));
  if (messages === 0) {
    trial.fail(`a message of ${size} bytes does not fit the empty ring, although it should`);
  }
  filling.done.open(end.guest, messages);
  yield* filling.emptied.pass(end.guest);
}

function* emptyOfMessages(end: End, size: number, filling: Filling): Process {
  const messages = yield* filling.done.pass(end.guest);
  for (let index = 0; index < messages; index++) yield* end.receive(index, size);
  filling.emptied.open(end.guest);
}

export const ringSize: ConformanceCheck = {
  name: 'ring-size',
  promise: 'an empty ring takes the largest message, and none takes more than the bytes it has',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { ringSizeBytes, largestBytes } = trial;
      const sizes = [largestBytes, Math.max(1, Math.floor(largestBytes / 7))];
      // The smallest messages there are: in a small ring, for they are many.
      if (ringSizeBytes <= 2048) sizes.push(1);
      const fillings = sizes.map(() => [newFilling(trial), newFilling(trial)] as const);
      trial.pair({
        *client(end) {
          const { ringSizeBytes: own } = end.channel;
          if (own !== ringSizeBytes) {
            trial.fail(`the client's ring is of ${own} bytes, not of ${ringSizeBytes} as was said`);
          }
          for (const [i, size] of sizes.entries()) {
            const [there, back] = fillings[i] as readonly [Filling, Filling];
            yield* fillWithMessages(trial, end, size, there);
            yield* emptyOfMessages(end, size, back);
          }
        },
        *server(end) {
          const { ringSizeBytes: own } = end.channel;
          if (own < ringSizeBytes) {
            trial.fail(`the server's ring is of ${own} bytes, not of ${ringSizeBytes} as was said`);
          }
          for (const [i, size] of sizes.entries()) {
            const [there, back] = fillings[i] as readonly [Filling, Filling];
            yield* emptyOfMessages(end, size, there);
            yield* fillWithMessages(trial, end, size, back);
          }
        },
      });
    }),
};

export const streamCapacity: ConformanceCheck = {
  name: 'stream-capacity',
  promise: 'writes that nobody reads stop at the bytes that the ring has',
  skipReason: noStream,
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const filling = newFilling(trial);
      trial.pair({
        *client(end) {
          const ring = end.channel.ringSizeBytes;
          let bytes = 0;
          while (bytes <= ring) {
            const outcome = yield* end.tryWrite(bytes, 3 * ring);
            if (outcome === WOULD_BLOCK) break;
            if (outcome < 0) return trial.fail(`writing: ${outcomeName(outcome)}`);
            bytes += outcome;
          }
          if (bytes > ring || bytes === 0) {
            trial.fail(`a ring of ${ring} bytes took ${bytes} that nobody has read`);
          }
          filling.done.open(end.guest, bytes);
        },
        *server(end) {
          const bytes = yield* filling.done.pass(end.guest);
          yield* end.read(0, bytes, () => 4 * trial.ringSizeBytes);
        },
      });
    }),
};

/** Sends and receives in one process, and waits only where neither can go on. */
function* exchange(trial: Trial, end: End, size: number, each: number): Process {
  let sent = 0;
  let received = 0;
  while (sent < each || received < each) {
    const out = sent < each ? yield* end.trySend(sent, size) : WOULD_BLOCK;
    if (out === size) sent++;
    const into = received < each ? yield* end.tryReceive(received, size) : WOULD_BLOCK;
    if (into === size) received++;
    if (out === size || into === size) continue;
    for (const outcome of [out, into]) {
      if (outcome !== WOULD_BLOCK) return trial.fail(`exchanging: ${outcomeName(outcome)}`);
    }
    if (sent === each) yield* end.channel.waitUntilReadable();
    else if (received === each) yield* end.channel.waitUntilWritable();
    else yield* end.channel.waitUntilReady();
  }
}

export const bidirectional: ConformanceCheck = {
  name: 'bidirectional',
  promise: 'both ends can fill both directions at once, each in one process, and get through',
  run: (driver, setting) =>
    forEachRing(driver, setting, (trial) => {
      const { largestBytes } = trial;
      const sizes = [largestBytes, 1 + Math.floor(largestBytes / 3)];
      function* both(end: End): Process {
        for (const size of sizes) yield* exchange(trial, end, size, 20);
      }
      trial.pair({ client: both, server: both });
    }),
};
