import { parentPort, workerData } from 'node:worker_threads';
import { pinThisThread } from '../cpu-affinity.js';
import { createMover } from '../wasm-mover.js';
import {
  BEAT,
  COMMAND,
  type PartnerData,
  PIECE_BYTES,
  PING,
  READ,
  REST,
  RING_BYTES,
  RUN,
  SLEEP,
  TURN,
  WAKE,
  WOKEN,
} from './partner.js';

/** The partner thread: does what its word of command says, until the thread is ended. */

/** Turns between two looks at the word of command. */
const TURNS = 1000;

const { control: words, times: moments, frames, clockBaseNs, cpu } = workerData as PartnerData;
const control = new Int32Array(words);
const times = new Float64Array(moments);
const base = BigInt(clockBaseNs);
const mover = createMover(frames);
/** Behind the ring, and behind the other thread's piece. */
const own = RING_BYTES + PIECE_BYTES;

if (cpu !== undefined) await pinThisThread(cpu);
parentPort?.postMessage('ready');
for (;;) {
  switch (Atomics.load(control, COMMAND)) {
    case RUN:
      for (let i = 0; i < TURNS; i++) Atomics.add(control, BEAT, 1);
      break;
    case PING:
      for (let i = 0; i < TURNS; i++) {
        const turn = Atomics.load(control, TURN);
        if ((turn & 1) === 1) Atomics.store(control, TURN, turn + 1);
      }
      break;
    case READ:
      for (let i = 0; i < TURNS; i++) {
        const turn = Atomics.load(control, TURN);
        if ((turn & 1) === 0) continue;
        for (let at = 0; at < RING_BYTES; at += PIECE_BYTES) mover.copy(own, at, PIECE_BYTES);
        Atomics.store(control, TURN, turn + 1);
      }
      break;
    case SLEEP: {
      const seen = Atomics.load(control, WAKE);
      Atomics.add(control, BEAT, 1);
      Atomics.wait(control, WAKE, seen);
      times[0] = Number(process.hrtime.bigint() - base);
      Atomics.add(control, WOKEN, 1);
      break;
    }
    default:
      Atomics.wait(control, COMMAND, REST);
  }
}
