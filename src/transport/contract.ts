import type { Settings, SettingValue } from '../base/setting.js';
import type { Process } from '../sim/process.js';
import type { Machine } from '../xen/machine.js';
import type { Guest } from './guest.js';

/**
 * Results of the plain functions of a channel. What is zero or more is a number of bytes; these are below zero.
 *
 * `AGAIN` belongs to the simulation: another vCPU's event comes before this one's clock. Yield ORDER, then call again
 * with the same arguments; the function goes on where it stopped.
 */
export const AGAIN = -1;
/** No room, or nothing there. The channel has asked to be told: `waitUntilWritable` or `waitUntilReadable` next. */
export const WOULD_BLOCK = -2;
/** The message can never fit this ring. */
export const TOO_LARGE = -3;
/** The peer has closed, or is known to be gone. */
export const PEER_GONE = -4;

export function outcomeName(outcome: number): string {
  if (outcome >= 0) return `${outcome} bytes`;
  return ['again', 'would-block', 'too-large', 'peer-gone'][-outcome - 1] ?? String(outcome);
}

/** How many domains may send to one receiver through one ring. */
export interface TransportCapabilities {
  readonly summary: string;
  /** What the protocol keeps of the sender's units: bytes only, whole messages, or either as one asks. */
  readonly framing: 'stream' | 'datagram' | 'both';
  /** Who moves the payload between the domains. */
  readonly dataPath: 'hypervisor-copy' | 'shared-memory' | 'none';
  /** Needs xenstore to connect. */
  readonly usesXenstore: boolean;
  /** Needs the broker in dom0 to connect. */
  readonly usesBroker: boolean;
  readonly grantModes: readonly GrantMode[];
  /** Fields of shared memory that a hostile peer can write at any time: name, offset in the control page, bytes. */
  readonly sharedFields: readonly SharedField[];
  /** False for the transports that only test the harness: left out where the real ones are compared. */
  readonly comparable: boolean;
}

export interface SharedField {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

export type GrantMode = 'persistent' | 'per-transfer' | 'copy';

/** What a transport makes of a requested ring size: bytes of ring for each direction, or why it cannot have it. */
export type RingSize = { readonly bytes: number } | { readonly refused: string };

/** Where two domains meet. */
export interface Endpoint {
  /** Number by which connection requests find the listener. */
  readonly port: number;
  readonly serverDomid: number;
  /** The domains that will connect, in the order in which a listener accepts them. */
  readonly clientDomids: readonly number[];
  /** Bytes of ring asked for, for each direction. */
  readonly ringSizeBytes: number;
  readonly grantMode: GrantMode;
  /** What was given of the transport's settings. */
  readonly options: Readonly<Record<string, SettingValue>>;
}

/** A limit of Xen or of the protocol stopped a connection: named, so that the cell can say which. */
export interface ConnectFailure {
  readonly failed: string;
  /** The limit, where one was met: "event channels", "grant frames", "maptrack frames", "xenstore watches" ... */
  readonly limit?: string;
  /** The other side gave up first: why, its own failure says. */
  readonly byPeer?: boolean;
}

export type ListenOutcome = { readonly listener: Listener } | ConnectFailure;
export type ConnectOutcome = { readonly channel: Channel } | ConnectFailure;

/** One protocol. Drivers are stateless: what they keep, they keep in the machine. */
export interface TransportDriver {
  readonly name: string;
  readonly capabilities: TransportCapabilities;
  /** What `--set` can change of it; the driver reads them with `settingValues(name, settings, endpoint.options)`. */
  readonly settings: Settings;
  /** What becomes of a requested ring size. */
  ringSize(requestedBytes: number): RingSize;
  /** Largest payload of one whole message through a ring of this effective size. */
  largestMessage(effectiveBytes: number): number;
  /** Starts to listen. The endpoint's server is `guest`. */
  listen(guest: Guest, endpoint: Endpoint): Process<ListenOutcome>;
  /** Connects to a listener. */
  connect(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome>;
  /** Starts what the transport needs in dom0, once for each machine, before any guest runs. */
  prepareDom0?(dom0: Guest): void;
  /**
   * What it holds of the hypervisor or of dom0 beside grants, event channels, memory and xenstore nodes, by name: its
   * rings, say. When every connection is closed the numbers must be back to what they were.
   */
  heldResources?(machine: Machine): Readonly<Record<string, number>>;
  /** The process that it has in dom0 and without which nobody connects, if it has one: for faults. */
  broker?(machine: Machine): Broker;
  /**
   * What a hostile domain can do to the other side of an endpoint while the two connect, beside writing what is its own in
   * xenstore and in pages that it has granted: its messages, say.
   */
  hostileAtSetup?(attacker: Guest, endpoint: Endpoint): readonly HostileAct[];
}

/** A transport's process in dom0. */
export interface Broker {
  /** It dies where it stands. */
  kill(): void;
  /** It is started again; does nothing while it runs. */
  restart(): void;
}

/** The serving side: takes connections, and receives whole messages from any of them. */
export interface Listener {
  /** Waits for the next connection. */
  accept(): Process<ConnectOutcome>;
  /** One whole message of `length` bytes from any connection: its length, AGAIN, WOULD_BLOCK or PEER_GONE (all are). */
  tryReceive(address: number, length: number): number;
  /** Index in `clientDomids` of the sender of the last message. */
  readonly lastSource: number;
  waitUntilReadable(): Process<void>;
  close(): Process<void>;
}

/**
 * One end of a connection. Addresses are guest addresses of the domain that holds this end.
 *
 * The plain functions never wait. The generators do nothing else, and may return early: look again after each.
 */
export interface Channel {
  /** Bytes of ring for each direction, as the protocol made them. */
  readonly ringSizeBytes: number;
  /** Sends one whole message or none of it: its length, AGAIN, WOULD_BLOCK, TOO_LARGE or PEER_GONE. */
  trySend(address: number, length: number): number;
  /** Receives one whole message of `length` bytes: its length, AGAIN, WOULD_BLOCK or PEER_GONE. */
  tryReceive(address: number, length: number): number;
  /** Stream framing: sends as much as fits, at least a byte: bytes taken, AGAIN, WOULD_BLOCK or PEER_GONE. */
  write(address: number, length: number): number;
  /** Stream framing: takes what is there, at most `length`: bytes, AGAIN, WOULD_BLOCK or PEER_GONE. */
  read(address: number, length: number): number;
  waitUntilWritable(): Process<void>;
  waitUntilReadable(): Process<void>;
  /** Waits for either: for a task that sends and receives, after both have said WOULD_BLOCK. */
  waitUntilReady(): Process<void>;
  /** Pages of this domain that the peer can read or write now. */
  pagesExposedToPeer(): number;
  /** After `close`: what could not be taken back, because the peer did not let go. */
  readonly leak?: { readonly reason: string; readonly pages: number } | undefined;
  /** What a hostile program that holds this end can do to the other side. */
  hostileActs?(): readonly HostileAct[];
  close(): Process<void>;
}

/**
 * One thing that a hostile domain can do to a peer by the means of the protocol: a field that it writes (through its own
 * address space, so only where its page tables let it), or an operation with arguments of its choice.
 */
export interface HostileAct {
  /** The field, or the argument: "left.prod", "iov length". */
  readonly name: string;
  /** Bytes of the field: values are taken from 0 to 256^bytes - 1. */
  readonly bytes: number;
  /** Values at which implementations have failed before: limits and their neighbours. */
  readonly interesting: readonly number[];
  /** Advisory or commit that this repeats with some of those values, if one is published. */
  readonly published?: string;
  /** What it does is to send a message, perhaps an odd one: that the peer then gets it is no corruption. */
  readonly sendsMessage?: boolean;
  /** Does it. It takes as long as the guest's own code would. */
  act(value: number): Process<void>;
}
