import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuestFault } from './address-space.js';
import { PAGE_SIZE } from './memory.js';
import { addDomain, sampleMachine } from './sample-machine.js';
import { CLOSED, NO_ROOM } from './shared-ring.js';

const PROD = 4;
const CONS = 0;
const OPEN = 20;
const BYTES = PAGE_SIZE;

function rings() {
  const machine = sampleMachine({ pcpus: 2 });
  const domain = addDomain(machine);
  const control = domain.allocate(1);
  const address = domain.allocate(1);
  const program = domain.allocate(2);
  const fields = domain.memory.sharedFields(control);
  const place = { fields, prod: PROD, cons: CONS, open: OPEN, address, bytes: BYTES };
  fields.write8(OPEN, 1);
  const { memory } = domain;
  return {
    machine,
    domain,
    memory,
    fields,
    address,
    program,
    writer: memory.ringWriter(place),
    reader: memory.ringReader(place),
  };
}

describe('the ends of a shared ring', () => {
  it('pass bytes over the end of the ring, and move no index', () => {
    const { machine, memory, fields, address, program, writer, reader } = rings();
    fields.write32(PROD, 0xffff_ffff - 9);
    fields.write32(CONS, 0xffff_ffff - 9);
    const bytes = Buffer.from('a message that is longer than what is left');
    memory.poke(program, bytes);
    assert.ok(writer.put(program, bytes.length) > 0);
    assert.equal(machine.counters.copies.guestCopies, 2);
    assert.equal(Buffer.from(memory.peek(address, 32)).toString(), bytes.subarray(10).toString());
    assert.equal(writer.room(), BYTES, 'nobody was told yet');
    assert.equal(reader.take(program, bytes.length), false);
    fields.add32(PROD, bytes.length);
    assert.equal(writer.room(), BYTES - bytes.length);
    assert.equal(reader.ready(), bytes.length);
    assert.equal(reader.take(program + PAGE_SIZE, bytes.length), true);
    assert.equal(
      Buffer.from(memory.peek(program + PAGE_SIZE, bytes.length)).toString(),
      bytes.toString(),
    );
    assert.equal(reader.ready(), bytes.length, 'nobody was told yet');
  });

  it('take all or nothing', () => {
    const { machine, fields, program, writer, reader } = rings();
    fields.write32(PROD, 100);
    assert.equal(writer.put(program, BYTES - 99), NO_ROOM);
    assert.equal(reader.take(program, 101), false);
    assert.equal(machine.counters.copies.guestCopies, 0);
    assert.ok(writer.put(program, BYTES - 100) > 0);
    assert.equal(reader.take(program, 100), true);
  });

  it('put nothing for a peer that has closed, and still take what it has left', () => {
    const { fields, program, writer, reader } = rings();
    fields.write32(PROD, 8);
    fields.write8(OPEN, 0);
    assert.equal(writer.put(program, 1), CLOSED);
    assert.equal(reader.take(program, 8), true);
  });

  it('find nothing where the indexes make no sense', () => {
    const { fields, program, writer, reader } = rings();
    fields.write32(CONS, BYTES + 1);
    assert.equal(writer.room(), 0);
    assert.equal(reader.ready(), 0);
    assert.equal(writer.put(program, 1), NO_ROOM);
    assert.equal(reader.take(program, 1), false);
  });

  it('fault where the domain has lost its right', () => {
    const { domain, program, writer } = rings();
    domain.free(program, 2);
    assert.throws(() => writer.put(program, 1), GuestFault);
    assert.equal(domain.state, 'crashed');
  });
});
