import { inLoop, receiveMessages, sendMessages } from './flows.js';
import type { PairBehaviour } from './pair.js';
import { allocateBuffer, Payload } from './payload.js';
import type { World } from './world.js';

/** The client sends whole messages as fast as they go, the server checks each; the clock runs from the first send. */
export function messagesOneWay(world: World): PairBehaviour {
  const { messages, messageSizeBytes, seed } = world.parameters;
  const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
  return {
    *client(sender, channel) {
      const buffer = payload.place(sender);
      world.startClock(sender);
      yield* inLoop(sender, sendMessages(world, sender, channel, payload, buffer, messages));
    },
    *server(receiver, channel) {
      const buffer = allocateBuffer(receiver, messageSizeBytes);
      yield* inLoop(receiver, receiveMessages(world, receiver, channel, payload, buffer, messages));
      world.stop(receiver);
    },
  };
}
