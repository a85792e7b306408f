import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuestFault } from '../../xen/address-space.js';
import { Machine } from '../../xen/machine.js';
import { PAGE_SIZE } from '../../xen/memory.js';
import { sampleMachine } from '../../xen/sample-machine.js';
import { NO_ROOM } from '../../xen/shared-ring.js';
import { VcpuStopped } from '../../xen/vcpu-stopped.js';
import { LivePlatform } from './live-platform.js';
import { LiveRingReader, LiveRingWriter } from './live-shared-ring.js';
import { createSharedArea } from './shared-area.js';

const PROD = 4;
const CONS = 0;
const OPEN = 20;
const PAGES = 4;
const BYTES = PAGES * PAGE_SIZE;

/** One domain of a live machine that has gone over to shared memory, and both ends of a ring in it. */
function rings() {
  const area = createSharedArea(4 << 20, 1);
  const platform = new LivePlatform(area, 0, { inject: 'none' }, () => 0);
  const { features, prices } = sampleMachine();
  const machine = new Machine({ features, prices, pcpus: 1, seed: 1, platform });
  const domain = machine.createDomain({ name: 'guest', type: 'pvh', pcpus: [0] });
  const [control, ring, program] = [domain.allocate(1), domain.allocate(PAGES), domain.allocate(2)];
  platform.memory.copyInto(area.frames);
  platform.memory.share(area.frames, platform.mover, platform.partOfMemory);
  platform.goLive();
  const { memory } = domain;
  const fields = memory.sharedFields(control);
  const place = { fields, prod: PROD, cons: CONS, open: OPEN, address: ring, bytes: BYTES };
  fields.write8(OPEN, 1);
  const writer = memory.ringWriter(place);
  const reader = memory.ringReader(place);
  assert.ok(writer instanceof LiveRingWriter && reader instanceof LiveRingReader);
  return { machine, domain, memory, fields, ring, program, writer, reader };
}

function text(of: Uint8Array): string {
  return Buffer.from(of).toString();
}

describe('the ends of a ring in the memory of this machine', () => {
  it('go on where the mapping has changed', () => {
    const { domain, memory, fields, ring, program, writer, reader } = rings();
    const pass = (source: number, says: string): void => {
      memory.poke(source, Buffer.from(says));
      assert.ok(writer.put(source, says.length) > 0);
      fields.add32(PROD, says.length);
      assert.equal(reader.take(program + PAGE_SIZE, says.length), true);
      fields.add32(CONS, says.length);
      assert.equal(text(memory.peek(program + PAGE_SIZE, says.length)), says);
    };
    pass(program, 'the first');
    domain.free(program, 1);
    const other = domain.allocate(3);
    pass(other + 2 * PAGE_SIZE, 'from pages that came later');
    const { space } = domain;
    const frame = space.frameAt(ring >>> 12);
    const next = space.frameAt((ring >>> 12) + 1);
    space.map(ring >>> 12, next, true);
    space.map((ring >>> 12) + 1, frame, true);
    fields.write32(PROD, PAGE_SIZE - 4);
    fields.write32(CONS, PAGE_SIZE - 4);
    pass(other, 'over a border between frames that are not adjacent');
  });

  it('fault where the domain has lost its right, and stop with the vCPU', () => {
    const lost = rings();
    assert.ok(lost.writer.put(lost.program, 8) > 0);
    lost.domain.free(lost.program, 1);
    assert.throws(() => lost.writer.put(lost.program, 8), GuestFault);
    const stopped = rings();
    assert.ok(stopped.writer.put(stopped.program, 8) > 0);
    stopped.domain.vcpu.state = 'offline';
    stopped.memory.vcpuStopped();
    assert.throws(() => stopped.writer.put(stopped.program, 8), VcpuStopped);
  });

  it('take no word of a hostile peer for a place in memory', () => {
    const { machine, fields, program, writer, reader } = rings();
    for (const cons of [1, BYTES + 1, 0x7fff_ffff]) {
      fields.write32(CONS, cons);
      fields.write32(PROD, 0);
      assert.equal(writer.put(program, 8), NO_ROOM, `cons ${cons}`);
      assert.equal(reader.take(program, 8), false, `cons ${cons}`);
    }
    assert.equal(machine.counters.copies.guestCopies, 0);
  });
});
