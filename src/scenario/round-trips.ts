import { inLoop, receiveOne, sendOne } from './flows.js';
import type { PairBehaviour } from './pair.js';
import { allocateBuffer, Payload } from './payload.js';
import type { World } from './world.js';

/** Round trips that are not measured: the first ones find cold caches. */
const WARM_UP = 16;

/** One message at a time: the client sends, the server answers, the client sends again. Each answer is checked. */
export function roundTrips(world: World): PairBehaviour {
  const { messages, messageSizeBytes, seed } = world.parameters;
  const count = Math.max(1, Math.floor(messages / 2));
  const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
  return {
    *client(client, channel) {
      const buffer = payload.place(client);
      const answer = allocateBuffer(client, messageSizeBytes);
      yield* inLoop(
        client,
        (function* () {
          for (let i = -WARM_UP; i < count; i++) {
            if (i === 0) world.startClock(client);
            const startPs = world.timePs(client);
            if (!(yield* sendOne(world, client, channel, payload, buffer, i + WARM_UP))) return;
            if (!(yield* receiveOne(world, client, channel, payload, answer, i + WARM_UP))) return;
            if (i < 0) continue;
            world.latency(world.timePs(client) - startPs);
            world.messagesDelivered += 2;
            world.bytesDelivered += 2 * messageSizeBytes;
          }
          world.stop(client);
        })(),
      );
    },
    *server(server, channel) {
      const buffer = allocateBuffer(server, messageSizeBytes);
      yield* inLoop(
        server,
        (function* () {
          for (let i = 0; i < WARM_UP + count; i++) {
            if (!(yield* receiveOne(world, server, channel, payload, buffer, i))) return;
            if (!(yield* sendOne(world, server, channel, payload, buffer, i))) return;
          }
        })(),
      );
    },
  };
}
