import { ORDER, type Process } from '../../src/sim/process.js';
import type { ConnectFailure, ConnectOutcome, Endpoint } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { watchUntil } from '../../src/transport/watch-until.js';
import { errnoName } from '../../src/xen/errno.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { mapPages, sharePages, unmapPages, unsharePages } from '../../src/xen/grant-device.js';
import { GNTST_NO_SPACE } from '../../src/xen/grant-table.js';
import { TemplateChannel } from './channel.js';
import { CLIENT_IS_THERE, SERVER_IS_THERE } from './layout.js';

/**
 * Setting a connection up. The server grants a page, makes an event channel, and writes both numbers into a node of
 * xenstore that the client may read; the client maps the page, binds the channel, and says that it is there.
 *
 * Everything can fail: each limit of Xen that is met is named, and what was taken until then is given back.
 */

/** Where both look: below the server's own `data` node, which it may write. */
function nodePath(endpoint: Endpoint, clientDomid: number): string {
  return `/local/domain/${endpoint.serverDomid}/data/template/${endpoint.port}-${clientDomid}`;
}

/** The server's side of one connection. It is live when the client has said so. */
export function* offerConnection(
  guest: Guest,
  endpoint: Endpoint,
  clientDomid: number,
  device: EventDevice,
  onEvent: (port: number) => void,
): Process<{ channel: TemplateChannel; port: number; isLive: () => boolean } | ConnectFailure> {
  const { vcpu, memory, domain, xenstore } = guest;
  vcpu.kernel.enterSystemCall();
  const port = domain.eventChannels.allocUnbound(vcpu, clientDomid);
  vcpu.kernel.leaveSystemCall();
  if (port < 0) return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
  device.attach(port);
  device.unmask(port);

  const region = sharePages(vcpu, clientDomid, 1);
  if (region === undefined) {
    domain.eventChannels.close(vcpu, port);
    return { failed: 'grant table full', limit: 'grant frames' };
  }
  const path = nodePath(endpoint, clientDomid);
  const release = function* (): Process<void> {
    // A page that the client still maps comes back when it lets go.
    unsharePages(vcpu, region);
    domain.eventChannels.close(vcpu, port);
    yield* xenstore.rm(path);
  };
  const page = region.address;
  const fields = memory.sharedFields(page);
  memory.poke(page + SERVER_IS_THERE, Uint8Array.of(1));

  const written = yield* xenstore.write(path, `${region.references[0]} ${port}`);
  // Only now may the client see it: the watch fires for it when it is allowed to read.
  const allowed = written.ok
    ? yield* xenstore.setPermissions(path, [
        { domid: guest.domid, access: 'n' },
        { domid: clientDomid, access: 'r' },
      ])
    : written;
  if (!allowed.ok) {
    yield* release();
    return { failed: `xenstore refused the node (${allowed.error})`, limit: 'xenstore nodes' };
  }
  const channel = new TemplateChannel({
    guest,
    isServer: true,
    page,
    fields,
    device,
    port,
    pagesExposed: 1,
    onEvent,
    release,
  });
  return { channel, port, isLive: () => fields.read8(CLIENT_IS_THERE) !== 0 };
}

/** The client's side. Waits until the server offers a connection. */
export function* connectTemplate(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
  const { vcpu, memory, domain, xenstore } = guest;
  const path = nodePath(endpoint, guest.domid);
  const offer = yield* watchUntil(guest, path, () => xenstore.read(path), 'template: an offer');
  if ('refused' in offer) {
    return { failed: `no watch (${offer.refused})`, limit: 'xenstore watches' };
  }
  const [reference, serverPort] = offer.found.split(' ').map(Number);
  if (reference === undefined || serverPort === undefined) {
    return { failed: `the server offers "${offer.found}"` };
  }

  vcpu.kernel.enterSystemCall();
  const port = domain.eventChannels.bindInterdomain(vcpu, endpoint.serverDomid, serverPort);
  vcpu.kernel.leaveSystemCall();
  if (port < 0) return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
  const device = guest.openEventDevice();
  device.attach(port);
  device.unmask(port);

  const region = mapPages(vcpu, endpoint.serverDomid, [reference]);
  if (!('address' in region)) {
    domain.eventChannels.close(vcpu, port);
    return region.status === GNTST_NO_SPACE
      ? { failed: 'no maptrack entry', limit: 'maptrack frames' }
      : { failed: `mapping refused (status ${region.status})` };
  }
  const page = region.address;
  const fields = memory.sharedFields(page);
  while (guest.isAhead()) yield ORDER;
  fields.write8(CLIENT_IS_THERE, 1);
  device.notify(port);
  const channel = new TemplateChannel({
    guest,
    isServer: false,
    page,
    fields,
    device,
    port,
    pagesExposed: 0,
    onEvent: () => {},
    *release() {
      unmapPages(vcpu, region);
      // For a server that waits for just this.
      device.notify(port);
      domain.eventChannels.close(vcpu, port);
    },
  });
  return { channel };
}
