import { ORDER, type Process } from '../../src/sim/process.js';
import type { Endpoint, HostileAct } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { PAGE_SIZE } from '../../src/xen/memory.js';
import { NOT_YET } from './argo.js';
import { DOMID_ANY, MAX_RING_BYTES, RING_RX_PTR, RING_TX_PTR } from './argo-abi.js';
import { type RegisteredRing, V4vDriver } from './kernel-driver.js';
import { ACK, ACK_WORDS, DATA, messageType, SYN, SYN_WORDS } from './protocol.js';

/** Arguments of one sendv, as struct xen_argo_send_addr and one struct xen_argo_iov have them. */
interface SendArguments {
  readonly sourcePort: number;
  readonly sourceDomid: number;
  readonly port: number;
  readonly domid: number;
  readonly base: number;
  readonly baseHigh: number;
  readonly length: number;
  readonly pad: number;
  readonly iovs: number;
  readonly type: number;
}

/** To whom a hostile program is connected. */
export interface V4vTarget {
  readonly driver: V4vDriver;
  readonly ownRing: Pick<RegisteredRing, 'port' | 'address'>;
  readonly domid: number;
  readonly port: number;
  readonly peerNumber: number;
  readonly peerRingBytes: number;
}

const WORDS = [0, 1, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const HOSTILE_PORT = 0x66;

/**
 * What a hostile guest can do to a V4V peer: nothing is shared, so all that is left are the arguments of hypercalls, the
 * messages that they carry, and the pointers in its own ring, which Xen reads.
 */
export function hostileV4vActs(target: V4vTarget): HostileAct[] {
  const { driver, peerRingBytes } = target;
  const page = driver.guest.domain.allocate(1);
  const act = (
    name: string,
    interesting: readonly number[],
    doIt: HostileAct['act'],
  ): HostileAct => ({
    name,
    bytes: 4,
    interesting,
    act: doIt,
  });
  const sendWith = (name: string, interesting: readonly number[], field: keyof SendArguments) => ({
    ...act(name, interesting, (value) => send(target, page, { [field]: value })),
    sendsMessage: true,
  });
  const sizes = [peerRingBytes - 32, peerRingBytes - 16, peerRingBytes, MAX_RING_BYTES - 32];
  const domids = [0, driver.guest.domid, target.domid, DOMID_ANY, ...WORDS];
  const types = [1, 2, 3, 4, 5, 6, 7, 255].flatMap((kind) => [
    messageType(kind, target.peerNumber),
    messageType(kind, 0xffffff),
  ]);
  return [
    {
      ...sendWith('iov length', [...sizes, MAX_RING_BYTES, ...WORDS], 'length'),
      published: 'a message larger than the ring',
    },
    sendWith('iov base', [PAGE_SIZE - 1, 4 * PAGE_SIZE, ...WORDS], 'base'),
    sendWith('iov base, upper half', WORDS, 'baseHigh'),
    sendWith('iov pad', WORDS, 'pad'),
    sendWith('iov count', [2, 8, 9, ...WORDS], 'iovs'),
    sendWith('message type', [...types, ...WORDS], 'type'),
    sendWith('source port', WORDS, 'sourcePort'),
    sendWith('source domain', domids, 'sourceDomid'),
    sendWith('destination port', WORDS, 'port'),
    sendWith('destination domain', domids, 'domid'),
    {
      ...act('own rx_ptr', [15, 16, ...WORDS, ...sizes], (value) =>
        writeOwnRing(target, RING_RX_PTR, value),
      ),
      published: 'rx_ptr out of range',
    },
    act('own tx_ptr', [15, 16, ...WORDS, ...sizes], (value) =>
      writeOwnRing(target, RING_TX_PTR, value),
    ),
    act('register: ring length', [16, 32, 4096, MAX_RING_BYTES, ...WORDS], (value) =>
      register(target, page, { bytes: value, frame: frameOf(driver, page), pages: 1 }),
    ),
    act('register: frame', [...WORDS, 2, 3, 4, 5, 100], (value) =>
      register(target, page, { bytes: 1024, frame: notOwn(target, page, value), pages: 1 }),
    ),
    act('register: pages', [0, 2, 4096, 4097, ...WORDS], (value) =>
      register(target, page, { bytes: 1024, frame: frameOf(driver, page), pages: value }),
    ),
    act('notify: entries', [255, 256, 257, ...WORDS], (value) => notify(target, page, value)),
  ];
}

/** The number by which a guest names one of its pages to Xen: a PV guest knows its machine frames. */
function frameOf({ guest: { domain } }: V4vDriver, address: number): number {
  const page = address / PAGE_SIZE;
  return domain.type === 'pv' ? domain.space.frameAt(page) : page;
}

/** A frame number that is none of this domain's, or its hostile page: a ring over its own driver would hurt only itself. */
function notOwn({ driver }: V4vTarget, page: number, frame: number): number {
  const { domain, machine } = driver.guest;
  const mfn = domain.type === 'pv' ? frame : domain.space.frameAt(frame);
  return machine.memory.owners[mfn] === domain.domid ? frameOf(driver, page) : frame;
}

/** One sendv that is sound but for what is given. Whatever Xen answers is as good. */
function* send(target: V4vTarget, page: number, changed: Partial<SendArguments>): Process<void> {
  const { driver, ownRing, domid, port, peerNumber } = target;
  const { argo, guest } = driver;
  const args: SendArguments = {
    sourcePort: ownRing.port,
    sourceDomid: DOMID_ANY,
    port,
    domid,
    base: page,
    baseHigh: 0,
    length: 24,
    pad: 0,
    iovs: 1,
    type: messageType(DATA, peerNumber),
    ...changed,
  };
  const descriptor = driver.takeDescriptor();
  const words = [
    ...[args.sourcePort, args.sourceDomid, args.port, args.domid],
    ...[args.base, args.baseHigh, args.length, args.pad],
  ];
  words.forEach((word, i) => {
    driver.write32(descriptor + 4 * i, word);
  });
  while (argo.sendv(guest.vcpu, descriptor, descriptor + 16, args.iovs, args.type) === NOT_YET) {
    yield ORDER;
  }
  driver.giveDescriptor(descriptor);
}

function* writeOwnRing(target: V4vTarget, offset: number, value: number): Process<void> {
  const { driver, ownRing } = target;
  while (driver.guest.isAhead()) yield ORDER;
  driver.write32(ownRing.address + offset, value);
}

function* register(
  target: V4vTarget,
  page: number,
  ring: { readonly bytes: number; readonly frame: number; readonly pages: number },
): Process<void> {
  const { driver, domid } = target;
  const { argo, guest } = driver;
  const descriptor = driver.takeDescriptor();
  const list = driver.takeDescriptor();
  driver.write32(descriptor, HOSTILE_PORT);
  driver.write32(descriptor + 4, domid);
  driver.write32(descriptor + 8, ring.bytes);
  driver.write32(list, ring.frame);
  // In the same page as the hostile payload, so that a ring over it changes what it sends, and nothing else.
  driver.write32(page, 0);
  let status: number;
  while ((status = argo.registerRing(guest.vcpu, descriptor, list, ring.pages, 0)) === NOT_YET) {
    yield ORDER;
  }
  if (status === 0) {
    while (argo.unregisterRing(guest.vcpu, descriptor) === NOT_YET) yield ORDER;
  }
  driver.giveDescriptor(descriptor);
  driver.giveDescriptor(list);
}

function* notify(target: V4vTarget, page: number, entries: number): Process<void> {
  const { driver } = target;
  driver.write32(page, entries);
  driver.write32(page + 4, 0);
  while (driver.argo.notify(driver.guest.vcpu, page) === NOT_YET) yield ORDER;
}

/**
 * What a hostile guest can do while it connects: a client sends connection requests that are none, a server answers that
 * are none.
 */
export function hostileV4vSetup(attacker: Guest, endpoint: Endpoint): HostileAct[] {
  const driver = V4vDriver.of(attacker);
  const page = attacker.domain.allocate(1);
  const isServer = attacker.domid === endpoint.serverDomid;
  const domid = isServer ? (endpoint.clientDomids[0] ?? 0) : endpoint.serverDomid;
  const [kind, words] = isServer ? [ACK, ACK_WORDS] : [SYN, SYN_WORDS];
  const name = isServer ? 'ACK' : 'SYN';
  // Which port the client's socket has, a server is told by its request. This one need not wait for that.
  const ports = (): readonly number[] =>
    isServer
      ? driver.argo
          .ringsOf(domid)
          .filter(({ partner }) => partner === attacker.domid)
          .map(({ port }) => port)
      : [endpoint.port];
  const sendAll = function* (changed: Partial<SendArguments>): Process<void> {
    for (const port of ports()) {
      const target = { driver, domid, port, peerNumber: 0, peerRingBytes: endpoint.ringSizeBytes };
      const ownRing = { port: endpoint.port, address: page };
      const honest = { length: 4 * words, type: messageType(kind, 0) };
      yield* send({ ...target, ownRing }, page, { ...honest, ...changed });
    }
  };
  const acts: HostileAct[] = [
    ...Array.from(
      { length: words },
      (_, word): HostileAct => ({
        name: `${name} word ${word}`,
        bytes: 4,
        interesting: [...WORDS, 16, 64, endpoint.ringSizeBytes, MAX_RING_BYTES],
        *act(value) {
          driver.write32(page + 4 * word, value);
          yield* sendAll({});
        },
      }),
    ),
    {
      name: `${name} length`,
      bytes: 4,
      interesting: [0, 1, 3, 4, 5, 11, 12, 13, 4096],
      act: (value) => sendAll({ length: value }),
    },
    {
      name: `${name} type`,
      bytes: 4,
      interesting: [0, 1, 2, 3, 4, 5, 6, 7, 255, 256, 0xffffffff],
      act: (value) => sendAll({ type: value }),
    },
    {
      name: `${name} source port`,
      bytes: 4,
      interesting: WORDS,
      act: (value) => sendAll({ sourcePort: value }),
    },
  ];
  // With another type it is a message like any other, which whoever is connected may send.
  return acts.map((act) => ({ ...act, sendsMessage: true }));
}
