import type { Process } from '../../src/sim/process.js';
import type { ConnectFailure, Endpoint } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { errnoName } from '../../src/xen/errno.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { InlineChannel } from './channel.js';
import type { V2vEnd, V2vSide } from './end.js';
import { largestPayload, PAGE_BYTES, ringOrder } from './layout.js';
import type { V2vState } from './peer-state.js';
import type { SideNodes } from './request.js';
import { TransferChannel } from './transfer-channel.js';

/** Rings and buffers of a connection, from what was asked for. */
export interface V2vSizes {
  /** Pages of each ring, as a power of two. */
  readonly order: number;
  readonly bufferBytes: number;
  readonly largestMessage: number;
}

/**
 * With persistent grants the ring holds the payload. In the other modes it holds grant references, for which one page is
 * plenty, and the payload lies in as many pages as the ring would have had.
 */
export function sizesFor(endpoint: Endpoint): V2vSizes {
  const order = ringOrder(endpoint.ringSizeBytes);
  const bufferBytes = PAGE_BYTES << order;
  return {
    order: endpoint.grantMode === 'persistent' ? order : 0,
    bufferBytes,
    largestMessage: largestPayload(bufferBytes),
  };
}

/** The channel that carries payload in this grant mode. */
export function channelFor(side: V2vSide, endpoint: Endpoint): V2vEnd {
  return endpoint.grantMode === 'persistent'
    ? new InlineChannel(side)
    : new TransferChannel(side, endpoint.grantMode);
}

/** Writes this side's `state` node. Returns whether xenstore let it. */
export function* changeState(guest: Guest, nodes: SideNodes, state: V2vState): Process<boolean> {
  const written = yield* guest.xenstore.write(`${nodes.own}/state`, state);
  return written.ok;
}

/** This side fails before it is connected: a state that is not there tells the other so, and the broker makes the nodes anew. */
export function* giveUp(guest: Guest, nodes: SideNodes): Process<void> {
  yield* guest.xenstore.rm(`${nodes.own}/state`);
}

/** Makes or binds an event channel by a system call, and routes its events to the device. */
export function openPort(
  guest: Guest,
  device: EventDevice,
  open: () => number,
): number | ConnectFailure {
  const { kernel } = guest.vcpu;
  kernel.enterSystemCall();
  const port = open();
  kernel.leaveSystemCall();
  if (port < 0) return { failed: `no event channel (${errnoName(port)})`, limit: 'event channels' };
  device.attach(port);
  device.unmask(port);
  return port;
}
