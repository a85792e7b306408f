import { ORDER, type Process } from '../../src/sim/process.js';
import type { ConnectFailure, Endpoint } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { type MappedRegion, mapPages, unmapPages } from '../../src/xen/grant-device.js';
import { GNTST_NO_SPACE } from '../../src/xen/grant-table.js';
import type { V2vEnd } from './end.js';
import { LARGEST_ORDER, PAGE_BYTES, SUPPLICANT_FIELDS, TEMPLE_FIELDS } from './layout.js';
import { MessageRings } from './message-ring.js';
import type { V2vPair } from './nodes.js';
import { PeerState } from './peer-state.js';
import { requestConnection, type SideNodes, withdrawRequest, xenstoreFailure } from './request.js';
import { type V2vSettings, v2vSettings } from './settings.js';
import { changeState, channelFor, giveUp, openPort, sizesFor } from './side.js';

/** What the temple has published, read and checked. Its words: "prod" is the ring through which it sends. */
interface Offer {
  readonly prodReferences: readonly number[];
  readonly consReferences: readonly number[];
  readonly controlReference: number;
  readonly prodPort: number;
  readonly consPort: number;
}

/**
 * The connecting side (v2v_connect, and what samples/v2v does after it): it waits until the temple listens, maps rings
 * and control page, binds the ports, says that it is connected, and waits for the temple to say so too.
 */
export function* connectToTemple(
  guest: Guest,
  endpoint: Endpoint,
  pair: V2vPair,
): Process<V2vEnd | ConnectFailure> {
  const settings = v2vSettings(endpoint.options);
  const nodes = yield* requestConnection(guest, pair, 'connector', settings.brokerTimeoutPs);
  if ('failed' in nodes) return nodes;
  const supplicant = new Supplicant(guest, endpoint, pair, settings, nodes);
  const failure = yield* supplicant.connect();
  if (failure === undefined) return supplicant.channel();
  yield* giveUp(guest, nodes);
  yield* supplicant.letGo();
  return failure;
}

class Supplicant {
  private readonly peer: PeerState;
  private readonly device: EventDevice;
  private readonly mapped: MappedRegion[] = [];
  private readonly ports: number[] = [];
  private watching = false;
  private stateChanged = false;
  private rings: MessageRings | undefined;

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
    private readonly pair: V2vPair,
    private readonly settings: V2vSettings,
    private readonly nodes: SideNodes,
  ) {
    this.peer = new PeerState(guest, nodes.peers);
    this.device = guest.openEventDevice();
  }

  *connect(): Process<ConnectFailure | undefined> {
    const { guest, nodes, peer } = this;
    const refused = yield* peer.start();
    if (refused !== undefined) return xenstoreFailure(refused);
    this.watching = true;
    let state = yield* peer.read();
    while (state !== 'listening') {
      if (state === 'unknown') return { failed: 'the listener has given up', byPeer: true };
      yield* peer.wait('v2v: a listener');
      state = yield* peer.read();
    }
    const offer = yield* this.readOffer();
    if ('failed' in offer) return offer;
    while (guest.isAhead()) yield ORDER;
    const failure = this.mapRings(offer) ?? this.bindPorts(offer);
    if (failure !== undefined) return failure;
    this.stateChanged = yield* changeState(guest, nodes, 'connected');
    if (!this.stateChanged) return { failed: 'the state node cannot be written' };
    for (;;) {
      state = yield* peer.read();
      // A listener that disconnects has accepted, and is through already: what it has sent is there to be read.
      if (state === 'connected' || state === 'disconnecting') return undefined;
      if (state === 'unknown') return { failed: 'the listener has given up', byPeer: true };
      if (state !== 'listening') return { failed: `the listener's state is ${state}` };
      yield* peer.wait('v2v: the listener to accept');
    }
  }

  /** Reads all nodes of the temple in one transaction. What it says is checked: it is another domain. */
  private *readOffer(): Process<Offer | ConnectFailure> {
    const orders = yield* this.readNumbers(['prod-order', 'cons-order']);
    const { order } = sizesFor(this.endpoint);
    const [prodOrder, consOrder] = orders ?? [];
    if (prodOrder !== order || consOrder !== order || order > LARGEST_ORDER) {
      return { failed: `the listener offers ring orders ${orders?.join(' and ') ?? 'unreadable'}` };
    }
    const pages = 1 << order;
    const names = [
      'control-gref',
      'prod-evtchn',
      'cons-evtchn',
      ...Array.from({ length: pages }, (_, i) => `prod-gref-${i}`),
      ...Array.from({ length: pages }, (_, i) => `cons-gref-${i}`),
    ];
    const values = yield* this.readNumbers(names);
    if (values === undefined) return { failed: "the listener's nodes cannot be read" };
    const [controlReference, prodPort, consPort] = values as [number, number, number];
    const references = values.slice(3);
    return {
      controlReference,
      prodPort,
      consPort,
      prodReferences: references.slice(0, pages),
      consReferences: references.slice(pages),
    };
  }

  private *readNumbers(names: readonly string[]): Process<number[] | undefined> {
    let values: number[] = [];
    const read = yield* this.guest.xenstore.transaction((transaction) => {
      values = [];
      return names.map((name) => (store, domid) => {
        const result = store.read(domid, `${this.nodes.peers}/${name}`, transaction);
        if (result.ok) values.push(/^\d{1,9}$/.test(result.value) ? Number(result.value) : -1);
        return result;
      });
    });
    return read.ok && values.every((value) => value >= 0) ? values : undefined;
  }

  private mapRings(offer: Offer): ConnectFailure | undefined {
    const { guest, nodes } = this;
    const addresses: number[] = [];
    for (const references of [
      offer.prodReferences,
      offer.consReferences,
      [offer.controlReference],
    ]) {
      const region = mapPages(guest.vcpu, nodes.peerDomid, references);
      if (!('address' in region)) {
        return region.status === GNTST_NO_SPACE
          ? { failed: 'no maptrack entry', limit: 'maptrack frames' }
          : { failed: `mapping refused (status ${region.status})` };
      }
      this.mapped.push(region);
      addresses.push(region.address);
    }
    const [receive, send, control] = addresses as [number, number, number];
    const bytes = offer.prodReferences.length * PAGE_BYTES;
    this.rings = new MessageRings(guest, {
      localFields: control + SUPPLICANT_FIELDS,
      remoteFields: control + TEMPLE_FIELDS,
      sendRing: { address: send, bytes },
      receiveRing: { address: receive, bytes },
    });
    this.rings.attach();
    return undefined;
  }

  /** The temple's "prod" channel is the one through which this side receives. */
  private bindPorts(offer: Offer): ConnectFailure | undefined {
    const { guest, device, nodes } = this;
    for (const remotePort of [offer.prodPort, offer.consPort]) {
      const port = openPort(guest, device, () =>
        guest.domain.eventChannels.bindInterdomain(guest.vcpu, nodes.peerDomid, remotePort),
      );
      if (typeof port !== 'number') return port;
      this.ports.push(port);
    }
    return undefined;
  }

  channel(): V2vEnd {
    const { guest, endpoint, device, peer, nodes } = this;
    const { bufferBytes, largestMessage } = sizesFor(endpoint);
    const [receivePort, sendPort] = this.ports as [number, number];
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
      ringPagesExposed: 0,
      disconnect: () => this.letGo(),
    };
    return channelFor(side, endpoint);
  }

  /** v2v_disconnect_supplicant: unmaps, closes the ports, and says so. Waits for nobody. */
  *letGo(): Process<undefined> {
    const { guest, peer, pair } = this;
    peer.onChange = undefined;
    while (guest.isAhead()) yield ORDER;
    for (const region of this.mapped.splice(0)) unmapPages(guest.vcpu, region);
    for (const port of this.ports.splice(0)) guest.domain.eventChannels.close(guest.vcpu, port);
    if (this.stateChanged) yield* changeState(guest, this.nodes, 'disconnected');
    this.stateChanged = false;
    if (this.watching) yield* peer.stop();
    this.watching = false;
    yield* withdrawRequest(guest, pair, 'connector');
    return undefined;
  }
}
