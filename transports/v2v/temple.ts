import { PS_PER_MS } from '../../src/base/units.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import type { ConnectFailure, Endpoint } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { type SharedRegion, sharePages, unsharePages } from '../../src/xen/grant-device.js';
import type { Closing } from './closing.js';
import type { Leak, V2vEnd } from './end.js';
import { PAGE_BYTES, SUPPLICANT_FIELDS, TEMPLE_FIELDS } from './layout.js';
import { MessageRings } from './message-ring.js';
import type { V2vPair } from './nodes.js';
import { PeerState } from './peer-state.js';
import { requestConnection, type SideNodes, withdrawRequest, xenstoreFailure } from './request.js';
import { type V2vSettings, v2vSettings } from './settings.js';
import { changeState, channelFor, giveUp, openPort, sizesFor } from './side.js';

/** Ports and pages that the temple has made for a connection. */
interface Made {
  readonly ports: number[];
  readonly regions: SharedRegion[];
}

/**
 * The listening side (v2v_listen and v2v_accept): it owns the rings and the control page, grants them, publishes their
 * references and its ports, and waits for the other side to be connected.
 */
export function* listenAndAccept(
  guest: Guest,
  endpoint: Endpoint,
  pair: V2vPair,
  device: EventDevice,
  closing: Closing,
): Process<V2vEnd | ConnectFailure> {
  const settings = v2vSettings(endpoint.options);
  const nodes = yield* requestConnection(
    guest,
    pair,
    'listener',
    settings.brokerTimeoutPs,
    closing,
  );
  if ('failed' in nodes) return nodes;
  const temple = new Temple(guest, endpoint, pair, settings, device, nodes);
  const failure = (yield* temple.listen()) ?? (yield* temple.accept(closing));
  if (failure === undefined) return temple.channel();
  yield* giveUp(guest, nodes);
  yield* temple.abandon();
  return failure;
}

class Temple {
  private readonly made: Made = { ports: [], regions: [] };
  private readonly peer: PeerState;
  private watching = false;
  private rings: MessageRings | undefined;

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
    private readonly pair: V2vPair,
    private readonly settings: V2vSettings,
    private readonly device: EventDevice,
    private readonly nodes: SideNodes,
  ) {
    this.peer = new PeerState(guest, nodes.peers);
  }

  /** Makes rings and ports, and publishes them in one transaction that ends with the state "listening". */
  *listen(): Process<ConnectFailure | undefined> {
    const { guest, peer, nodes } = this;
    const refused = yield* peer.start();
    if (refused !== undefined) return xenstoreFailure(refused);
    this.watching = true;
    while (guest.isAhead()) yield ORDER;
    const failure = this.makeRings() ?? this.makePorts();
    if (failure !== undefined) return failure;
    const values = this.publishedValues();
    const published = yield* guest.xenstore.transaction((transaction) =>
      values.map(
        ([name, value]) =>
          (store, domid) =>
            store.write(domid, `${nodes.own}/${name}`, value, transaction),
      ),
    );
    return published.ok ? undefined : xenstoreFailure(published.error);
  }

  private makeRings(): ConnectFailure | undefined {
    const { guest, made, nodes } = this;
    const { order } = sizesFor(this.endpoint);
    // The peer may only read the ring through which this side sends.
    const wanted = [
      { pages: 1 << order, readOnly: true },
      { pages: 1 << order, readOnly: false },
      { pages: 1, readOnly: false },
    ];
    for (const { pages, readOnly } of wanted) {
      const region = sharePages(guest.vcpu, nodes.peerDomid, pages, readOnly);
      if (region === undefined) return { failed: 'grant table full', limit: 'grant frames' };
      made.regions.push(region);
    }
    const [send, receive, control] = made.regions as [SharedRegion, SharedRegion, SharedRegion];
    const bytes = send.references.length * PAGE_BYTES;
    this.rings = new MessageRings(guest, {
      localFields: control.address + TEMPLE_FIELDS,
      remoteFields: control.address + SUPPLICANT_FIELDS,
      sendRing: { address: send.address, bytes },
      receiveRing: { address: receive.address, bytes },
    });
    this.rings.attach();
    return undefined;
  }

  /** Receive port first, as v2v_listen does. */
  private makePorts(): ConnectFailure | undefined {
    const { guest, made, device, nodes } = this;
    for (let i = 0; i < 2; i++) {
      const port = openPort(guest, device, () =>
        guest.domain.eventChannels.allocUnbound(guest.vcpu, nodes.peerDomid),
      );
      if (typeof port !== 'number') return port;
      made.ports.push(port);
    }
    return undefined;
  }

  private publishedValues(): [string, string][] {
    const [send, receive, control] = this.made.regions as [
      SharedRegion,
      SharedRegion,
      SharedRegion,
    ];
    const [receivePort, sendPort] = this.made.ports as [number, number];
    const { order } = sizesFor(this.endpoint);
    const references = (name: string, region: SharedRegion): [string, string][] =>
      region.references.map((reference, i) => [`${name}-gref-${i}`, String(reference)]);
    return [
      ...references('prod', send),
      ...references('cons', receive),
      ['prod-order', String(order)],
      ['cons-order', String(order)],
      ['control-gref', String(control.references[0])],
      ['prod-evtchn', String(sendPort)],
      ['cons-evtchn', String(receivePort)],
      ['state', 'listening'],
    ];
  }

  /** v2v_accept: waits until the other side says that it is connected, and says so too. */
  *accept(closing: Closing): Process<ConnectFailure | undefined> {
    const { guest, peer, nodes } = this;
    closing.waitsFor(peer.watch);
    for (;;) {
      const state = yield* peer.read();
      switch (state) {
        case 'connected':
          return (yield* changeState(guest, nodes, 'connected'))
            ? undefined
            : { failed: 'the state node cannot be written' };
        case 'unready':
        case 'disconnected':
        case 'crashed':
          yield* peer.wait('v2v: a connector');
          if (closing.isAsked) return { failed: 'the listener was closed' };
          break;
        case 'unknown':
          return { failed: 'the connector has given up', byPeer: true };
        default:
          return { failed: `the connector's state is ${state}` };
      }
    }
  }

  channel(): V2vEnd {
    const { guest, endpoint, device, peer, nodes, made } = this;
    const { bufferBytes, largestMessage } = sizesFor(endpoint);
    const [receivePort, sendPort] = made.ports as [number, number];
    peer.onChange = () => device.interrupt();
    const side = {
      guest,
      peerDomid: nodes.peerDomid,
      rings: this.rings as MessageRings,
      bufferBytes,
      largestMessage,
      fastReceive: this.settings.fastReceive,
      closeTimeoutPs: this.settings.closeTimeoutPs,
      device,
      sendPort,
      receivePort,
      peer,
      ringPagesExposed: this.pages,
      disconnect: () => this.disconnect(),
    };
    return channelFor(side, endpoint);
  }

  /**
   * v2v_disconnect_temple: asks the other side to let go, waits until it has, takes the pages back.
   *
   * Xen gives no way to take a page back that the peer still maps: after a time without an answer all of the
   * connection is left as it is.
   */
  private *disconnect(): Process<Leak | undefined> {
    const { guest, nodes, peer, settings } = this;
    peer.onChange = undefined;
    yield* changeState(guest, nodes, 'disconnecting');
    const deadlinePs = guest.vcpu.pcpu.clock + settings.closeTimeoutPs;
    while ((yield* peer.read()) === 'connected') {
      if (yield* peer.wait(`v2v: dom${nodes.peerDomid} to disconnect`, deadlinePs)) continue;
      const waitedMs = settings.closeTimeoutPs / PS_PER_MS;
      return {
        reason: `dom${nodes.peerDomid} has not disconnected within ${waitedMs} ms`,
        pages: this.pages,
        mayRetry: true,
      };
    }
    yield* changeState(guest, nodes, 'disconnected');
    const leaked = yield* this.abandon();
    if (leaked === 0) return undefined;
    return {
      reason: `dom${nodes.peerDomid} says it has disconnected, and still maps the rings`,
      pages: leaked,
      mayRetry: false,
    };
  }

  /** Gives back what was made. Returns the pages that the peer still maps. */
  *abandon(): Process<number> {
    const { guest, made, pair } = this;
    while (guest.isAhead()) yield ORDER;
    let leaked = 0;
    for (const region of made.regions.splice(0)) leaked += unsharePages(guest.vcpu, region);
    for (const port of made.ports.splice(0)) guest.domain.eventChannels.close(guest.vcpu, port);
    if (this.watching) yield* this.peer.stop();
    this.watching = false;
    yield* withdrawRequest(guest, pair, 'listener');
    return leaked;
  }

  private get pages(): number {
    return this.made.regions.reduce((sum, region) => sum + region.references.length, 0);
  }
}
