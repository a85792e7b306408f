import { ORDER, type Process } from '../../src/sim/process.js';
import type {
  ConnectFailure,
  ConnectOutcome,
  Endpoint,
  Listener,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { Turns } from '../../src/transport/turns.js';
import { watchUntil } from '../../src/transport/watch-until.js';
import { errnoName } from '../../src/xen/errno.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { mapPages, sharePages, unmapPages, unsharePages } from '../../src/xen/grant-device.js';
import { GNTST_NO_SPACE } from '../../src/xen/grant-table.js';
import type { XenstorePermission } from '../../src/xen/xenstore/protocol.js';
import { VchanChannel } from './channel.js';
import {
  CLI_LIVE,
  CLI_NOTIFY,
  CLIENT_AWAITED,
  GRANTS,
  inPageOffset,
  LEFT_ORDER,
  NOTIFY_WRITE,
  RIGHT_ORDER,
  ringOrders,
  ringPages,
  SRV_LIVE,
  SRV_NOTIFY,
  validOrders,
} from './layout.js';

/**
 * Where both sides look: below the server's own `data` node, which libxl lets it write. One node a connection, so that
 * nothing stays behind when the server removes it.
 */
function vchanPath(endpoint: Endpoint, clientDomid: number): string {
  return `/local/domain/${endpoint.serverDomid}/data/vchan/${endpoint.port}-${clientDomid}`;
}

/**
 * libxenvchan_server_init for one client: event channel, shared pages, xenstore nodes. The channel is live when the
 * client has mapped them.
 */
function* startServer(
  guest: Guest,
  endpoint: Endpoint,
  clientDomid: number,
  device: EventDevice,
  onEvent: (port: number) => void,
): Process<{ channel: VchanChannel; port: number } | ConnectFailure> {
  const { vcpu, memory, domain } = guest;
  const { left, right } = ringOrders(endpoint.ringSizeBytes);
  vcpu.kernel.enterSystemCall();
  const port = domain.eventChannels.allocUnbound(vcpu, clientDomid);
  vcpu.kernel.leaveSystemCall();
  if (port < 0) return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
  device.attach(port);
  device.unmask(port);

  const controlPage = sharePages(vcpu, clientDomid, 1);
  const leftPages = ringPages(left);
  const rightPages = ringPages(right);
  const shared = controlPage === undefined ? [] : [controlPage];
  const regions = [leftPages, rightPages].map((pages) => {
    if (pages === 0) return undefined;
    const region = sharePages(vcpu, clientDomid, pages);
    if (region !== undefined) shared.push(region);
    return region;
  });
  const release = function* (): Process<void> {
    for (const region of shared) unsharePages(vcpu, region);
    domain.eventChannels.close(vcpu, port);
    yield* guest.xenstore.rm(vchanPath(endpoint, clientDomid));
  };
  const [leftRegion, rightRegion] = regions;
  if (
    controlPage === undefined ||
    (leftPages > 0 && leftRegion === undefined) ||
    (rightPages > 0 && rightRegion === undefined)
  ) {
    yield* release();
    return { failed: 'grant table full', limit: 'grant frames' };
  }

  const control = controlPage.address;
  const references = [leftRegion, rightRegion].flatMap((region) => region?.references ?? []);
  const view = new DataView(new ArrayBuffer(GRANTS + 4 * references.length));
  view.setUint16(LEFT_ORDER, left, true);
  view.setUint16(RIGHT_ORDER, right, true);
  view.setUint8(CLI_LIVE, CLIENT_AWAITED);
  view.setUint8(SRV_LIVE, 1);
  view.setUint8(CLI_NOTIFY, NOTIFY_WRITE);
  references.forEach((reference, i) => {
    view.setUint32(GRANTS + 4 * i, reference, true);
  });
  memory.poke(control, new Uint8Array(view.buffer));

  const path = vchanPath(endpoint, clientDomid);
  const permissions: readonly XenstorePermission[] = [
    { domid: guest.domid, access: 'n' },
    { domid: clientDomid, access: 'r' },
  ];
  const nodes: readonly [string, number][] = [
    ['ring-ref', controlPage.references[0] as number],
    ['event-channel', port],
  ];
  const published = yield* guest.xenstore.transaction((tx) =>
    nodes.flatMap(([name, value]) => [
      (store, domid) => store.write(domid, `${path}/${name}`, String(value), tx),
      (store, domid) => store.setPermissions(domid, `${path}/${name}`, permissions, tx),
    ]),
  );
  if (!published.ok) {
    yield* release();
    return { failed: `xenstore refused the nodes (${published.error})`, limit: 'xenstore nodes' };
  }
  const channel = new VchanChannel({
    guest,
    isServer: true,
    control: memory.sharedFields(control),
    readRing: { address: leftRegion?.address ?? control + inPageOffset(left), bytes: 1 << left },
    writeRing: {
      address: rightRegion?.address ?? control + inPageOffset(right),
      bytes: 1 << right,
    },
    device,
    port,
    onEvent,
    pagesExposed: 1 + leftPages + rightPages,
    release,
  });
  return { channel, port };
}

/** Waits until a server has published its nodes, and reads them. */
function* findServer(
  guest: Guest,
  path: string,
): Process<{ readonly ringRef: number; readonly serverPort: number } | ConnectFailure> {
  const { xenstore } = guest;
  const outcome = yield* watchUntil(
    guest,
    path,
    function* () {
      const ringRef = yield* xenstore.read(`${path}/ring-ref`);
      if (ringRef === undefined) return undefined;
      const serverPort = yield* xenstore.read(`${path}/event-channel`);
      if (serverPort === undefined) return undefined;
      return { ringRef: Number(ringRef), serverPort: Number(serverPort) };
    },
    'the nodes of the vchan server',
  );
  if ('found' in outcome) return outcome.found;
  return { failed: `no watch (${outcome.refused})`, limit: 'xenstore watches' };
}

/** libxenvchan_client_init, after a watch has said that the server's nodes are there. */
export function* connectVchan(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
  const { vcpu, memory, domain } = guest;
  const found = yield* findServer(guest, vchanPath(endpoint, guest.domid));
  if ('failed' in found) return found;
  const { ringRef, serverPort } = found;

  vcpu.kernel.enterSystemCall();
  const port = domain.eventChannels.bindInterdomain(vcpu, endpoint.serverDomid, Number(serverPort));
  vcpu.kernel.leaveSystemCall();
  if (port < 0) return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
  const device = guest.openEventDevice();
  device.attach(port);
  device.unmask(port);

  const mapped: { address: number; handles: readonly number[] }[] = [];
  const release = function* (): Process<void> {
    for (const region of mapped) unmapPages(vcpu, region);
    domain.eventChannels.close(vcpu, port);
  };
  const map = (references: readonly number[]): number | undefined => {
    const region = mapPages(vcpu, endpoint.serverDomid, references);
    if (!('address' in region)) {
      status = region.status;
      return undefined;
    }
    mapped.push(region);
    return region.address;
  };
  let status = 0;
  const control = map([ringRef]);
  if (control === undefined) {
    yield* release();
    return mapFailure(status);
  }
  const header = new DataView(memory.peek(control, GRANTS).buffer);
  const left = header.getUint16(LEFT_ORDER, true);
  const right = header.getUint16(RIGHT_ORDER, true);
  if (!validOrders(left, right)) {
    yield* release();
    return { failed: `the server offers ring orders ${left} and ${right}` };
  }
  const count = ringPages(left) + ringPages(right);
  const listed = new DataView(memory.peek(control + GRANTS, 4 * count).buffer);
  const references = Array.from({ length: count }, (_, i) => listed.getUint32(4 * i, true));
  const ringAddress = (order: number, first: number): number | undefined =>
    ringPages(order) === 0
      ? control + inPageOffset(order)
      : map(references.slice(first, first + ringPages(order)));
  const leftAddress = ringAddress(left, 0);
  const rightAddress = leftAddress === undefined ? undefined : ringAddress(right, ringPages(left));
  if (leftAddress === undefined || rightAddress === undefined) {
    yield* release();
    return mapFailure(status);
  }
  const fields = memory.sharedFields(control);
  while (guest.isAhead()) yield ORDER;
  fields.write8(CLI_LIVE, 1);
  fields.write8(SRV_NOTIFY, NOTIFY_WRITE);
  device.notify(port);
  const channel = new VchanChannel({
    guest,
    isServer: false,
    control: fields,
    readRing: { address: rightAddress, bytes: 1 << right },
    writeRing: { address: leftAddress, bytes: 1 << left },
    device,
    port,
    pagesExposed: 0,
    release,
  });
  return { channel };
}

function mapFailure(status: number): ConnectFailure {
  return status === GNTST_NO_SPACE
    ? { failed: 'no maptrack entry', limit: 'maptrack frames' }
    : { failed: `mapping refused (status ${status})` };
}

/** A server with one vchan for each client. One event device serves them all, as one epoll over all handles would. */
export class VchanListener implements Listener {
  private readonly device: EventDevice;
  private readonly turns: Turns;
  private readonly channels: VchanChannel[] = [];

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
  ) {
    this.device = guest.openEventDevice();
    this.turns = new Turns(guest, this.device);
  }

  get lastSource(): number {
    return this.turns.lastSource;
  }

  *accept(): Process<ConnectOutcome> {
    const { guest, endpoint, device, turns, channels } = this;
    const client = endpoint.clientDomids[channels.length];
    if (client === undefined) return { failed: 'every client has connected' };
    const started = yield* startServer(guest, endpoint, client, device, turns.onEvent);
    if (!('channel' in started)) return started;
    const { channel, port } = started;
    channels.push(channel);
    turns.add(channel, [port]);
    for (;;) {
      const fired = yield* device.wait('vchan: a client');
      turns.onEvent(fired);
      if (fired === port) return { channel };
    }
  }

  tryReceive(address: number, length: number): number {
    return this.turns.tryReceive(address, length);
  }

  *waitUntilReadable(): Process<void> {
    this.turns.onEvent(yield* this.device.wait('vchan: data from any client'));
  }

  *close(): Process<void> {
    for (const channel of this.channels) yield* channel.close();
  }
}
