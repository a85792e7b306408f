import { invariant } from '../base/errors.js';
import { priceTable } from '../profiles/profile.js';
import { Payload } from '../scenario/payload.js';
import { EventQueue, type EventTarget } from '../sim/event-queue.js';
import { buildWorld } from '../testbed/model/build-world.js';
import { benchPlan, type Parts } from './cell-plans.js';
import { type Sampling, type Series, sample } from './series.js';

const MESSAGE_BYTES = 1024;
const CALLS = 20_000;

/** Nanoseconds of each piece of work that a simulated message of 1 KiB is made of. */
export function measureLayers(parts: Parts, sampling: Sampling): readonly Series[] {
  return [eventQueue(sampling), ...memoryWork(parts, sampling)];
}

/** One event scheduled and fired, with sixteen pending. */
function eventQueue(sampling: Sampling): Series {
  const queue = new EventQueue();
  let fired = 0;
  const target: EventTarget = {
    fire: () => {
      fired++;
    },
  };
  for (let i = 0; i < 16; i++) queue.push(i, target);
  let time = 16;
  const series = sample(
    'event queue: schedule and fire',
    sampling,
    () => {
      for (let i = 0; i < CALLS; i++) {
        queue.push(time + ((i * 7) & 31), target, i);
        queue.fireNext();
        time++;
      }
    },
    (ms) => (ms * 1e6) / CALLS,
  );
  invariant(fired > 0, 'no event was fired');
  return series;
}

/** Work on a payload inside a guest of a machine that stands still. */
function memoryWork(parts: Parts, sampling: Sampling): readonly Series[] {
  const plan = benchPlan(parts, {
    transport: parts.transports[0]?.name ?? '',
    scenario: 'stream',
    parameters: { messages: 1 },
  });
  if (plan === undefined) return [];
  const { profile, transport, scenario, parameters } = plan;
  const hardware = { features: profile.features, prices: priceTable(profile) };
  const world = buildWorld(hardware, transport, scenario, parameters, {});
  const guest = world.guest(0);
  const payload = new Payload(1, MESSAGE_BYTES, 64 * MESSAGE_BYTES);
  const from = payload.place(guest);
  const to = payload.place(guest);
  const each = (name: string, work: (index: number) => void): Series =>
    sample(
      name,
      sampling,
      () => {
        for (let i = 0; i < CALLS; i++) work(i);
      },
      (ms) => (ms * 1e6) / CALLS,
    );
  let sound = true;
  const layers = [
    each('memory: copy 1 KiB, priced by cache and TLB', (i) => {
      const offset = payload.offsetOf(i);
      guest.memory.copy(to + offset, from + offset, MESSAGE_BYTES);
    }),
    each('payload: number and check 1 KiB', (i) => {
      const address = from + payload.offsetOf(i);
      payload.number(guest, address, i);
      sound = payload.arrived(guest, address, i * MESSAGE_BYTES, MESSAGE_BYTES) && sound;
    }),
  ];
  invariant(sound, 'the payload check fails on bytes that are right');
  return layers;
}
