import { ORDER, type Process } from '../../src/sim/process.js';
import type { HostileAct } from '../../src/transport/contract.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import type { VchanSide } from './channel.js';
import { SHARED_FIELDS } from './layout.js';

/** Between the two writes of a race: about what the peer needs from its first look to its second. */
const RACE_PS = 200_000;

/**
 * What a hostile program at one end of a vchan can do: write any field of the control page, once, or twice in a row so
 * that a peer that looks twice sees two values (XSA-155).
 */
export function hostileVchanActs(side: VchanSide): HostileAct[] {
  const rings = [side.readRing.bytes, side.writeRing.bytes];
  const indexes = [
    ...[0, 1, 0x7fffffff, 0x80000000, 0xffffffff],
    ...rings.flatMap((bytes) => [bytes - 1, bytes, bytes + 1, 2 * bytes, 0x100000000 - bytes]),
  ];
  return SHARED_FIELDS.flatMap(({ name, offset, bytes }) => {
    const isIndex = name.endsWith('.prod') || name.endsWith('.cons');
    const most = bytes === 4 ? 0xffffffff : (1 << (8 * bytes)) - 1;
    const interesting = isIndex ? indexes : [0, 1, 2, 3, 9, 10, 11, 12, 20, 21, 31, 32, most];
    const once: HostileAct = {
      name,
      bytes,
      interesting,
      ...(name.endsWith('.prod') ? { published: 'XSA-86' } : {}),
      act: (value) => write(side, offset, bytes, [value]),
    };
    if (!isIndex) return [once];
    const twice: HostileAct = {
      name: `${name}, twice`,
      bytes,
      interesting,
      published: 'XSA-155',
      act: (value) => write(side, offset, bytes, [value, ~value >>> 0]),
    };
    return [once, twice];
  });
}

function* write(
  side: VchanSide,
  offset: number,
  bytes: number,
  values: readonly number[],
): Process<void> {
  const { guest, control, device, port } = side;
  for (const [turn, value] of values.entries()) {
    if (turn > 0) guest.vcpu.pcpu.charge(GUEST_USER, RACE_PS);
    while (guest.isAhead()) yield ORDER;
    const field = new Uint8Array(bytes).map((_, i) => (value >>> (8 * i)) & 0xff);
    guest.memory.poke(control.address + offset, field);
    device.notify(port);
  }
}
