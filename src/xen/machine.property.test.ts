import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import type { Features } from '../profiles/feature-list.js';
import { ORDER, type Process } from '../sim/process.js';
import { CAUSES, GUEST_USER } from './causes.js';
import type { Domain } from './domain.js';
import { EventDevice } from './event-device.js';
import type { Machine } from './machine.js';
import { addDomain, perform, runToQuiet, sampleMachine } from './sample-machine.js';
import { schedYield } from './sched-op.js';
import type { Vcpu } from './vcpu.js';

const US = 1_000_000;

type Action =
  | { readonly do: 'work'; readonly ps: number }
  | { readonly do: 'send' }
  | { readonly do: 'wait'; readonly ps: number }
  | { readonly do: 'sleep'; readonly ps: number }
  | { readonly do: 'yield' };

interface Plan {
  readonly pcpus: number;
  /** Each program runs on a vCPU of its own, on a pCPU of its choice. */
  readonly programs: readonly { readonly pcpu: number; readonly actions: readonly Action[] }[];
  readonly pv: boolean;
  readonly features: Partial<Features>;
  readonly pauses: readonly { readonly at: number; readonly ps: number; readonly who: number }[];
}

const duration = fc.oneof(
  fc.integer({ min: 0, max: 3 * US }),
  fc.integer({ min: 0, max: 3000 * US }),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('work' as const), ps: duration }) },
  { weight: 3, arbitrary: fc.constant({ do: 'send' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ps: duration }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), ps: duration }) },
  { weight: 1, arbitrary: fc.constant({ do: 'yield' as const }) },
);

const plan: fc.Arbitrary<Plan> = fc.record({
  pcpus: fc.integer({ min: 1, max: 3 }),
  programs: fc.array(
    fc.record({
      pcpu: fc.nat({ max: 2 }),
      actions: fc.array(action, { maxLength: 25, size: 'max' }),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  pv: fc.boolean(),
  features: fc.record({
    scheduler: fc.constantFrom('credit' as const, 'credit2' as const),
    guestTickHz: fc.constantFrom(0, 250, 1000),
    schedulerRatelimitUs: fc.constantFrom(0, 100, 1000),
    schedulerTimesliceUs: fc.constantFrom(1000, 10_000),
    virtualApic: fc.boolean(),
    lazyFpu: fc.boolean(),
    taggedTlb: fc.boolean(),
  }),
  pauses: fc.array(fc.record({ at: duration, ps: duration, who: fc.nat({ max: 3 }) }), {
    maxLength: 4,
  }),
});

/** What was seen of a run: every visible step with its time, and the end. */
interface Seen {
  readonly steps: readonly number[];
  readonly finished: number;
  readonly digest: string;
  readonly clocks: readonly number[];
  readonly userPs: number;
}

/** Two domains, whose vCPUs carry the programs by turns; each sends to the next one's port. */
function carryOut(what: Plan): Seen {
  const machine = sampleMachine({ pcpus: what.pcpus, features: what.features });
  const places = what.programs.map(({ pcpu }) => pcpu % what.pcpus);
  const type = what.pv ? 'pv' : 'pvh';
  const half = Math.ceil(places.length / 2);
  const domains = [places.slice(0, half), places.slice(half)].map((pcpus) =>
    addDomain(machine, { type, pcpus }),
  ) as [Domain, Domain];
  const vcpus = domains.flatMap((domain) => domain.vcpus);
  const devices = vcpus.map((vcpu) => new EventDevice(vcpu));
  const ports = vcpus.map((vcpu, index) => connected(vcpu, devices, vcpus, index));
  const steps: number[] = [];
  let finished = 0;
  what.programs.forEach(({ actions }, index) => {
    const vcpu = vcpus[index] as Vcpu;
    const device = devices[index] as EventDevice;
    vcpu.spawn(
      `program ${index}`,
      (function* (): Process {
        for (const next of actions) {
          yield* act(vcpu, device, ports[index] as number, next);
          while (vcpu.isAhead()) yield ORDER;
          steps.push(vcpu.pcpu.clock);
        }
        finished++;
      })(),
    );
  });
  pauseAsPlanned(machine, vcpus, what);
  runToQuiet(machine);
  return {
    steps,
    finished,
    digest: machine.trace.digest(),
    clocks: machine.pcpus.map(({ clock }) => clock),
    userPs: machine.pcpus.reduce((sum, pcpu) => sum + (pcpu.attribution[GUEST_USER] as number), 0),
  };
}

/** A channel from one vCPU to the next, with its far end on that one's device. Returns the near end. */
function connected(
  vcpu: Vcpu,
  devices: readonly EventDevice[],
  vcpus: readonly Vcpu[],
  index: number,
): number {
  const at = (index + 1) % vcpus.length;
  const next = vcpus[at] as Vcpu;
  const far = perform(next, () => {
    const port = next.domain.eventChannels.allocUnbound(next, vcpu.domain.domid);
    devices[at]?.attach(port);
    return port;
  });
  return perform(vcpu, () =>
    vcpu.domain.eventChannels.bindInterdomain(vcpu, next.domain.domid, far),
  );
}

function* act(vcpu: Vcpu, device: EventDevice, port: number, next: Action): Process {
  switch (next.do) {
    case 'work':
      vcpu.pcpu.charge(GUEST_USER, next.ps);
      break;
    case 'send':
      device.notify(port);
      break;
    case 'wait':
      yield* device.wait('an event', vcpu.pcpu.clock + next.ps);
      break;
    case 'sleep':
      yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + next.ps);
      break;
    case 'yield':
      yield* schedYield(vcpu);
      break;
  }
}

function pauseAsPlanned(machine: Machine, vcpus: readonly Vcpu[], what: Plan): void {
  const target = {
    fire(_timePs: number, argument: number): void {
      const vcpu = vcpus[(argument >> 1) % vcpus.length] as Vcpu;
      if ((argument & 1) === 0) vcpu.pause();
      else vcpu.unpause();
    },
  };
  for (const { at, ps, who } of what.pauses) {
    machine.queue.push(machine.now + at, target, who << 1);
    machine.queue.push(machine.now + at + ps + 1, target, (who << 1) | 1);
  }
}

describe('programs of guests that work, wait, sleep, yield and are paused', () => {
  it('come to their end, and nobody sees a moment that lies before what another has seen', () => {
    fc.assert(
      fc.property(plan, (what) => {
        const seen = carryOut(what);
        assert.equal(seen.finished, what.programs.length, 'somebody waits for ever');
        seen.steps.forEach((clock, index) => {
          const before = seen.steps[index - 1] ?? 0;
          assert.ok(clock >= before, `step ${index} at ${clock}, after one at ${before}`);
        });
      }),
      runs(400),
    );
  });

  it('take exactly the time they work, however often they are interrupted', () => {
    fc.assert(
      fc.property(plan, (what) => {
        let worked = 0;
        for (const { actions } of what.programs) {
          for (const next of actions) if (next.do === 'work') worked += next.ps;
        }
        assert.equal(carryOut(what).userPs, worked);
      }),
      runs(200),
    );
  });

  it('do the same every time', () => {
    fc.assert(
      fc.property(plan, (what) => assert.deepEqual(carryOut(what), carryOut(what))),
      runs(100),
    );
  });
});

describe('a token that goes round by events alone', () => {
  it('is never lost, wherever the guests run', () => {
    const cases = fc.record({
      places: fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 5 }),
      works: fc.array(duration, { minLength: 1, maxLength: 8 }),
      pv: fc.boolean(),
      tick: fc.constantFrom(0, 250, 1000),
      ipi: fc.constantFrom(0, 1000, 5 * US),
      entry: fc.constantFrom(0, 1000, 30 * US),
    });
    fc.assert(
      fc.property(cases, ({ places, works, pv, tick, ipi, entry }) => {
        const machine = sampleMachine({
          pcpus: 3,
          features: { guestTickHz: tick, taggedTlb: true },
          prices: { ipi, vmexit: entry, pvEntry: entry },
        });
        const vcpus = places.map(
          (pcpu) => addDomain(machine, { type: pv ? 'pv' : 'pvh', pcpus: [pcpu] }).vcpu,
        );
        const devices = vcpus.map((vcpu) => new EventDevice(vcpu));
        const ports = vcpus.map((vcpu, index) => connected(vcpu, devices, vcpus, index));
        const rounds = 12;
        let passed = 0;
        let sentPs = 0;
        machine.trace.observer = {
          step(kind, timePs): void {
            if (kind === 'event-send') sentPs = timePs;
          },
        };
        vcpus.forEach((vcpu, index) => {
          const device = devices[index] as EventDevice;
          vcpu.spawn(
            'player',
            (function* (): Process {
              for (let round = 0; round < rounds; round++) {
                if (index > 0 || round > 0) yield* device.wait('the token');
                assert.ok(vcpu.pcpu.clock >= sentPs, 'it arrives before it was sent');
                passed++;
                vcpu.pcpu.charge(GUEST_USER, works[passed % works.length] as number);
                while (vcpu.isAhead()) yield ORDER;
                device.notify(ports[index] as number);
              }
            })(),
          );
        });
        runToQuiet(machine);
        assert.equal(passed, rounds * vcpus.length);
      }),
      runs(300),
    );
  });
});

it('the seed moves the ticks, and nothing else is left to chance', () => {
  const run = (seed: number) => {
    const machine = sampleMachine({ seed, features: { guestTickHz: 250 } });
    const { vcpu } = addDomain(machine);
    vcpu.spawn(
      'busy',
      (function* (): Process {
        for (let i = 0; i < 100; i++) {
          vcpu.pcpu.charge(GUEST_USER, 333 * US);
          while (vcpu.isAhead()) yield ORDER;
        }
      })(),
    );
    runToQuiet(machine);
    assert.equal(machine.pcpus[0]?.attribution.length, CAUSES.length);
    return machine.trace.digest();
  };
  assert.equal(run(1), run(1));
  assert.notEqual(run(1), run(2));
});
