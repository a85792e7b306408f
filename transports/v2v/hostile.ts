import { advanced, ringOffset } from '../../src/ring/free-running-ring.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import type { HostileAct } from '../../src/transport/contract.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import type { V2vSide } from './end.js';
import {
  headerWord,
  MESSAGE_PAD,
  messageBytes,
  PAGE_BYTES,
  PROD,
  SHARED_FIELDS,
} from './layout.js';

/** Between the two writes of a race: about what the peer needs from its first look to its second. */
const RACE_PS = 200_000;

/**
 * What a hostile program at one end of a V2V connection can do: write any field of the control page, once or twice in a
 * row, and put any message header into the ring through which it sends.
 */
export function hostileV2vActs(side: V2vSide): HostileAct[] {
  const { shape } = side.rings;
  const { bytes: ringBytes } = shape.sendRing;
  const indexes = [
    ...[0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff],
    ...[ringBytes - 1, ringBytes, ringBytes + 1, ringBytes + 8, 0x100000000 - ringBytes],
  ];
  const control = shape.localFields - (shape.localFields % PAGE_BYTES);
  const fields = SHARED_FIELDS.flatMap(({ name, offset, bytes }): HostileAct[] => [
    {
      name,
      bytes,
      interesting: indexes,
      act: (value) => write(side, [control + offset, control + offset], [value]),
    },
    {
      name: `${name}, twice`,
      bytes,
      interesting: indexes,
      published: 'XSA-155',
      act: (value) => write(side, [control + offset, control + offset], [value, ~value]),
    },
  ]);
  const sizes = [0, 1, 4, 8, ringBytes / 2, ringBytes - 4, ringBytes, 0xfffb];
  const headers = [0, 1, 2, 3, MESSAGE_PAD].flatMap((type) =>
    sizes.map((size) => headerWord(type, size) >>> 0),
  );
  return [
    ...fields,
    {
      name: 'message header',
      bytes: 4,
      interesting: headers,
      published: 'a message longer than what was produced',
      act: (value) => sendHeader(side, value),
    },
  ];
}

function* write(
  side: V2vSide,
  addresses: readonly number[],
  values: readonly number[],
): Process<void> {
  const { guest } = side;
  for (const [turn, value] of values.entries()) {
    if (turn > 0) guest.vcpu.pcpu.charge(GUEST_USER, RACE_PS);
    while (guest.isAhead()) yield ORDER;
    guest.memory.poke(addresses[turn] as number, word(value));
    side.device.notify(side.sendPort);
    side.device.notify(side.receivePort);
  }
}

/** A header of choice where the peer will look for the next message, and `prod` behind the smallest message there is. */
function* sendHeader(side: V2vSide, value: number): Process<void> {
  const { guest, rings } = side;
  const { sendRing, localFields } = rings.shape;
  while (guest.isAhead()) yield ORDER;
  const field = guest.memory.peek(localFields + PROD, 4);
  const prod = new DataView(field.buffer).getUint32(0, true);
  guest.memory.poke(sendRing.address + ringOffset(prod & ~7, sendRing.bytes), word(value));
  guest.memory.poke(localFields + PROD, word(advanced(prod, messageBytes(4))));
  side.device.notify(side.sendPort);
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
