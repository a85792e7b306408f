import type { Scenario } from '../src/scenario/contract.js';
import { accepted, inLoop, readStream, writeStream } from '../src/scenario/flows.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import type { Channel, Guest, Process } from '../src/scenario/process.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const KIB = 1024;
/** A frame's header, which is all of one that says the end, or that a connection stands: src/sockets/frames.ts. */
const FRAME_BYTES = 4;
/** What busybox's wget asks with, and its frame. */
const REQUEST_BYTES = 88;
/** Most that a relay takes from a socket at once. */
const PIECE_BYTES = 64 * KIB;

/**
 * A file fetched over HTTP/1.0 through a relay of sockets, as `interdom tunnel` is one: each request has a connection of
 * its own, over which go a frame that it stands, the request, the answer, and an end frame each way.
 *
 * On real Xen (`--testbed xen`) client and server are busybox's wget and httpd, and the agent relays. Here sockets cost
 * nothing: what is counted is what the relays ask of Xen.
 */
export const httpTransfer: Scenario = {
  name: 'http-transfer',
  summary: 'a file fetched over HTTP through a socket proxy, each over a connection of its own',
  version: 1,
  settings: {
    relay: {
      default: 'interdom',
      meaning: "who carries the sockets: this project's proxy, or (real Xen only) Xen's own",
      choices: ['interdom', 'vchan-socket-proxy'],
    },
  },
  metrics: [],
  protocolDetermined: ['eventChannelsUsed', 'pagesExposedToPeer'],
  sweeps: {
    quick: [],
    full: [{ ringSizeBytes: [64 * KIB], messageSizeBytes: [256 * KIB], guestType: ['pvh', 'pv'] }],
  },
  messages: () => 6,
  topology: receiverAndSender,
  skipReason: ({ capabilities }, { grantMode }) => {
    if (capabilities.framing === 'datagram') return 'has no stream framing';
    if (grantMode !== 'persistent') return 'a proxy keeps its rings mapped';
    return undefined;
  },
  needsRealXen: ({ settings }) =>
    settings['relay'] === 'interdom'
      ? undefined
      : `${settings['relay']} is a program of Xen: use --testbed xen`,
  start(world) {
    const { messages: requests, messageSizeBytes, seed } = world.parameters;
    const server = world.guest(0);
    const client = world.guest(1);
    const frame = new Payload(seed, FRAME_BYTES, FRAME_BYTES);
    const request = new Payload(seed, REQUEST_BYTES, REQUEST_BYTES);
    const piece = Math.min(PIECE_BYTES, messageSizeBytes);
    const answer = new Payload(seed, piece, piece);
    world.spawn(server, 'listener', listen(0));
    world.spawn(client, 'client', fetchAll());

    /** Listens for one connection; as soon as it stands, another one listens for the next. */
    function* listen(index: number): Process {
      const endpoint = world.endpoint(1 + index, server, [client]);
      const listening = yield* world.driver.listen(server, endpoint);
      if (!('listener' in listening)) return world.fail(`listen failed: ${listening.failed}`);
      const channel = yield* accepted(world, listening.listener);
      if (channel === undefined) return;
      if (index + 1 < requests) world.spawn(server, 'listener', listen(index + 1));
      const { read, write } = endOf(server, channel);
      const isServed =
        (yield* read(frame, FRAME_BYTES)) &&
        (yield* read(request, REQUEST_BYTES)) &&
        (yield* write(answer, messageSizeBytes)) &&
        (yield* write(frame, FRAME_BYTES)) &&
        (yield* read(frame, FRAME_BYTES));
      if (!isServed) return;
      yield* channel.close();
      yield* listening.listener.close();
    }

    function* fetchAll(): Process {
      world.startClock(client);
      for (let index = 0; index < requests; index++) {
        const connected = yield* world.driver.connect(
          client,
          world.endpoint(1 + index, server, [client]),
        );
        if (!('channel' in connected)) return world.fail(`connect failed: ${connected.failed}`);
        const { channel } = connected;
        if (index === 0) world.readPortsInUse();
        const { read, write } = endOf(client, channel);
        const isFetched =
          (yield* write(frame, FRAME_BYTES)) &&
          (yield* write(request, REQUEST_BYTES)) &&
          (yield* read(answer, messageSizeBytes)) &&
          (yield* read(frame, FRAME_BYTES)) &&
          (yield* write(frame, FRAME_BYTES));
        if (!isFetched) return;
        world.messagesDelivered++;
        world.pagesExposedToPeer = Math.max(world.pagesExposedToPeer, channel.pagesExposedToPeer());
        yield* channel.close();
      }
      world.stop(client);
    }

    /** What one end of a connection writes and reads. */
    function endOf(guest: Guest, channel: Channel) {
      const into = allocateBuffer(guest, PIECE_BYTES);
      const write = (payload: Payload, bytes: number): Process<boolean> =>
        inLoop(guest, writeStream(world, guest, channel, payload, payload.place(guest), bytes));
      const read = (payload: Payload, bytes: number): Process<boolean> =>
        inLoop(guest, readStream(world, guest, channel, payload, into, bytes));
      return { read, write };
    }
  },
};
