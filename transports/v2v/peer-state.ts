import type { Process } from '../../src/sim/process.js';
import type { Guest } from '../../src/transport/guest.js';
import type { XenstoreError } from '../../src/xen/xenstore/protocol.js';
import { Watch } from './watch.js';

/**
 * States of one side of a connection, as the published code writes them into its `state` node (enum v2v_endpoint_state
 * of inc/v2v.h). `unknown` is never written: it stands for a node that cannot be read. In terms of xenbus: unready is
 * initialising, listening is init-wait, disconnecting is closing, disconnected is closed.
 */
export const V2V_STATES = [
  'unknown',
  'unready',
  'listening',
  'connected',
  'disconnecting',
  'disconnected',
  'crashed',
] as const;
export type V2vState = (typeof V2V_STATES)[number];

/** Whether a side that sees its peer in this state is to disconnect (v2v_state_requests_disconnect, and no peer at all). */
export function requestsDisconnect(state: V2vState): boolean {
  return state === 'unknown' || V2V_STATES.indexOf(state) >= V2V_STATES.indexOf('disconnecting');
}

/** What one side knows of the other: its `state` node, watched. */
export class PeerState {
  state: V2vState = 'unknown';
  /** The watch has fired since the state was read. */
  changed = false;
  /** Runs in the interrupt handler when the state may have changed. */
  onChange: (() => void) | undefined;
  readonly watch: Watch;

  /** @param nodes path of the peer's nodes */
  constructor(
    private readonly guest: Guest,
    nodes: string,
  ) {
    const path = `${nodes}/state`;
    this.watch = new Watch(guest, path, `v2v-state ${path}`, () => {
      this.changed = true;
      this.onChange?.();
    });
  }

  /** Starts to watch. Returns why xenstore refused, if it did. */
  *start(): Process<XenstoreError | undefined> {
    const result = yield* this.watch.start();
    return result.ok ? undefined : result.error;
  }

  stop(): Process<void> {
    return this.watch.stop();
  }

  /** Reads the state anew. */
  *read(): Process<V2vState> {
    this.watch.clear();
    this.changed = false;
    const text = yield* this.guest.xenstore.read(this.watch.path);
    this.state = V2V_STATES.find((state) => state === text) ?? 'unknown';
    return this.state;
  }

  /** Waits until the state may have changed. Returns false when the time is up or the wait is interrupted. */
  *wait(reason: string, deadlinePs?: number): Process<boolean> {
    return (yield* this.watch.next(reason, deadlinePs)) !== undefined;
  }

  /** The peer has gone, or wants this side to go. */
  get gone(): boolean {
    return requestsDisconnect(this.state);
  }
}
