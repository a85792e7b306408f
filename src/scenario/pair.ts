import type { Process } from '../sim/process.js';
import type { Channel } from '../transport/contract.js';
import type { Guest } from '../transport/guest.js';
import { accepted, inLoop } from './flows.js';
import { Gate, type World } from './world.js';

/** What the two ends of one connection do once they are connected. */
export interface PairBehaviour {
  /** The first end listens. */
  server(guest: Guest, channel: Channel): Process;
  /** The second one connects. */
  client(guest: Guest, channel: Channel): Process;
}

/**
 * Connects two domains, lets both do their part, and closes: the client first.
 *
 * @param ends server and client; guest 0 and guest 1 where they are not given
 */
export function startPair(
  world: World,
  behaviour: PairBehaviour,
  ends?: readonly [server: Guest, client: Guest],
): void {
  if (world.carryOutPair !== undefined) {
    world.carryOutPair(behaviour);
    return;
  }
  const [server, client] = ends ?? [world.guest(0), world.guest(1)];
  const endpoint = world.endpoint(1, server, [client]);
  // Taking the connection down is no part of the work: both wait until the other has done its share.
  const serverDone = new Gate();
  const clientDone = new Gate();
  world.spawn(server, 'server', serve());
  world.spawn(client, 'client', connect());

  function* serve(): Process {
    const listening = yield* world.driver.listen(server, endpoint);
    if (!('listener' in listening)) {
      world.fail(`listen failed: ${listening.failed}`);
      return;
    }
    const channel = yield* accepted(world, listening.listener);
    if (channel === undefined) return;
    yield* inLoop(server, behaviour.server(server, channel));
    serverDone.open(server);
    yield* clientDone.pass(server);
    world.pagesExposedToPeer = Math.max(world.pagesExposedToPeer, channel.pagesExposedToPeer());
    yield* channel.close();
    yield* listening.listener.close();
  }

  function* connect(): Process {
    const connected = yield* world.driver.connect(client, endpoint);
    if (!('channel' in connected)) {
      world.fail(`connect failed: ${connected.failed}`);
      return;
    }
    yield* inLoop(client, behaviour.client(client, connected.channel));
    clientDone.open(client);
    yield* serverDone.pass(client);
    world.pagesExposedToPeer = Math.max(
      world.pagesExposedToPeer,
      connected.channel.pagesExposedToPeer(),
    );
    yield* connected.channel.close();
  }
}
