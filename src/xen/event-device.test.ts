import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS, PS_PER_US } from '../base/units.js';
import type { Process } from '../sim/process.js';
import type { Domain } from './domain.js';
import { EventDevice } from './event-device.js';
import { addDomain, perform, runToQuiet, sampleMachine, work } from './sample-machine.js';

/** A guest with two ports on one device, and another that sends to them at given moments. */
function setUp(sends: readonly { readonly at: number; readonly to: 0 | 1 }[]) {
  const machine = sampleMachine({ pcpus: 2 });
  const [reader, sender] = [0, 1].map((id) => addDomain(machine, { pcpus: [id] })) as [
    Domain,
    Domain,
  ];
  const device = new EventDevice(reader.vcpu);
  const ports = [0, 1].map(() => {
    const port = perform(reader.vcpu, () =>
      reader.eventChannels.allocUnbound(reader.vcpu, sender.domid),
    );
    perform(reader.vcpu, () => device.attach(port));
    return port;
  }) as [number, number];
  const far = ports.map((port) =>
    perform(sender.vcpu, () =>
      sender.eventChannels.bindInterdomain(sender.vcpu, reader.domid, port),
    ),
  ) as [number, number];
  const start = machine.now;
  sender.vcpu.spawn(
    'send',
    (function* (): Process {
      for (const { at, to } of sends) {
        yield* sender.vcpu.kernel.sleepUntil(start + at);
        sender.eventChannels.send(sender.vcpu, far[to]);
      }
    })(),
  );
  /** Lets the reader do something, and notes what it waits for. */
  const read = (body: (note: (port: number) => void) => Process): [number, number][] => {
    const seen: [number, number][] = [];
    reader.vcpu.spawn(
      'read',
      body((port) => seen.push([port, Math.floor((reader.vcpu.pcpu.clock - start) / PS_PER_MS)])),
    );
    runToQuiet(machine);
    return seen;
  };
  return { machine, reader, device, ports, read, start };
}

describe('EventDevice', () => {
  it('gives the ports that fired, in their order', () => {
    const { device, ports, read } = setUp([
      { at: 2 * PS_PER_MS, to: 1 },
      { at: 3 * PS_PER_MS, to: 0 },
      { at: 4 * PS_PER_MS, to: 1 },
    ]);
    const seen = read(function* (note): Process {
      for (let i = 0; i < 3; i++) note(yield* device.wait('any'));
    });
    assert.deepEqual(seen, [
      [ports[1], 2],
      [ports[0], 3],
      [ports[1], 4],
    ]);
  });

  it('keeps a port masked until its number is written back: events meanwhile are one', () => {
    const { machine, reader, device, ports, read } = setUp(
      [1, 2, 3, 4].map((ms) => ({ at: ms * PS_PER_MS, to: 0 as const })),
    );
    const seen = read(function* (note): Process {
      yield* reader.vcpu.kernel.sleepUntil(machine.now + 6 * PS_PER_MS);
      assert.equal(device.ready, true);
      note(yield* device.wait('the first'));
      note(yield* device.wait('the other three'));
      note(yield* device.wait('nothing', reader.vcpu.pcpu.clock + 2 * PS_PER_MS));
    });
    assert.deepEqual(
      seen.map(([port]) => port),
      [ports[0], ports[0], -1],
    );
    assert.equal(machine.counters.events.coalesced, 2);
  });

  it('gives up when the time is up, and a late event is for the next wait', () => {
    const { device, ports, read, start } = setUp([{ at: 9 * PS_PER_MS, to: 0 }]);
    const seen = read(function* (note): Process {
      note(yield* device.wait('in vain', start + 5 * PS_PER_MS));
      note(yield* device.wait('the event', start + 50 * PS_PER_MS));
      note(yield* device.wait('in vain', start + 50 * PS_PER_MS));
    });
    assert.deepEqual(seen, [
      [-1, 5],
      [ports[0], 9],
      [-1, 50],
    ]);
  });

  it('can be interrupted, before a wait or in the middle of it', () => {
    const { device, reader, read } = setUp([]);
    reader.vcpu.spawn(
      'interrupts',
      (function* (): Process {
        device.interrupt();
        yield* reader.vcpu.kernel.sleepUntil(reader.machine.now + 3 * PS_PER_MS);
        device.interrupt();
      })(),
    );
    const seen = read(function* (note): Process {
      yield* work(reader.vcpu, PS_PER_US);
      note(yield* device.wait('any'));
      note(yield* device.wait('any'));
    });
    assert.deepEqual(seen, [
      [-1, 0],
      [-1, 3],
    ]);
  });
});
