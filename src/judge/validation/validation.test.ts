import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell, Counters } from '../../results/types.js';
import { type Evidence, validate } from './validation.js';

const MESSAGES = 300;

/** Counts a message of a ping-pong of PVH guests through libvchan, as real Xen was counted. */
const REAL = {
  hypercalls: { evtchn_send: 1, set_timer: 0.06, sched_op: 1 },
  entries: { hypercall: 1.06, hlt: 1, eoi: 1.01, nm: 1 },
  tlb: { flushRequests: 0 },
  events: { sent: 1 },
  grants: {},
  copies: {},
  xenstore: {},
  scheduling: { blocks: 1, contextSwitches: 1 },
} as const;

const PARAMETERS = {
  ringSizeBytes: 4096,
  messageSizeBytes: 64,
  messages: MESSAGES,
  guestType: 'pvh',
  grantMode: 'persistent',
  placement: 'shared',
};

type Overrides = {
  readonly parameters?: Partial<Record<string, string | number>>;
  readonly scenario?: string;
  readonly transport?: string;
};

function real(overrides: Overrides = {}, factor = 1): Cell {
  const metric = (value: number) => ({
    value: value * factor,
    unit: '1',
    better: 'lower' as const,
    assume: 'exact' as const,
  });
  return {
    id: 'xen',
    testbed: 'xen',
    profile: 'qemu-svm',
    transport: overrides.transport ?? 'libvchan',
    scenario: overrides.scenario ?? 'ping-pong',
    scenarioVersion: 1,
    parameters: { ...PARAMETERS, ...overrides.parameters } as Cell['parameters'],
    effective: {},
    verdict: 'valid',
    metrics: {
      hypercallsPerMessage: metric(1),
      eventsPerMessage: metric(1),
      tlbFlushesPerMessage: metric(0),
      vmexitsPerMessage: metric(4.01),
      entriesPerMessage: metric(4.01),
      entriesWithTimePerMessage: metric(4.1),
    },
    counters: scaled(REAL, MESSAGES * factor),
  };
}

/** The same from the model, under the model's names. */
function model(overrides: Overrides = {}, change: (counters: Groups) => void = () => {}): Cell {
  const counters: Groups = structuredClone(
    scaled(
      {
        ...REAL,
        hypercalls: { evtchn_send: 1, set_timer: 0.06, sched_block: 0 },
        work: { vcpuSwitches: 1, timerEntries: 0.07 },
      },
      MESSAGES,
    ),
  ) as Groups;
  change(counters);
  return {
    ...real(overrides),
    id: 'model',
    testbed: 'model',
    metrics: {},
    counters: counters as Counters,
  };
}

type Groups = Record<string, Record<string, number>>;

function scaled(counts: Readonly<Record<string, object>>, factor: number): Counters {
  return Object.fromEntries(
    Object.entries(counts).map(([group, members]) => [
      group,
      Object.fromEntries(
        Object.entries(members as Record<string, number>).map(([name, each]) => [
          name,
          each * factor,
        ]),
      ),
    ]),
  ) as unknown as Counters;
}

function compared(evidence: Partial<Evidence>) {
  return validate({ model: [model()], recorded: [real()], fresh: [], published: [], ...evidence });
}

const times =
  (group: string, name: string, factor: number) =>
  (counters: Groups): void => {
    const members = counters[group] as Record<string, number>;
    members[name] = (members[name] as number) * factor;
  };

describe('a model that counts as real Xen does', () => {
  it('holds, and names of both sides meet', () => {
    const { summary, rows } = compared({});
    assert.equal(summary.holds, true);
    assert.equal(summary.empty, false);
    assert.equal(summary.cells, 1);
    const exits = rows.find(({ quantity }) => quantity === 'vmexitsPerMessage');
    assert.ok(Math.abs((exits?.model ?? 0) - 4) < 0.01);
    assert.equal(exits?.verdict, 'within');
    const switches = rows.find(({ quantity }) => quantity === 'contextSwitches');
    assert.deepEqual([switches?.model, switches?.recorded, switches?.detail], [1, 1, true]);
  });
});

describe('canaries: what is off is found', () => {
  const findings = (evidence: Partial<Evidence>): readonly string[] =>
    compared(evidence).rows.flatMap(({ verdict, quantity, detail }) =>
      verdict === 'outside' && !detail ? [quantity] : [],
    );

  it('an event in 20 too many where the protocol says how many there are', () => {
    const off = model({}, (counters) => {
      times('hypercalls', 'evtchn_send', 1.05)(counters);
      times('events', 'sent', 1.05)(counters);
    });
    assert.deepEqual(findings({ model: [off] }), [
      'hypercallsPerMessage',
      'eventsPerMessage',
      'evtchn_send',
    ]);
    assert.equal(compared({ model: [off] }).summary.holds, false);
  });

  it('a flush a message where there is none', () => {
    const off = model({}, (counters) => {
      (counters['tlb'] as Record<string, number>)['flushRequests'] = MESSAGES;
    });
    assert.deepEqual(findings({ model: [off] }), ['tlbFlushesPerMessage']);
  });

  it('no flush where there is one', () => {
    const cell = real();
    const flushes = {
      ...cell.metrics['tlbFlushesPerMessage'],
      value: 1,
    } as Cell['metrics'][string];
    const recorded = { ...cell, metrics: { ...cell.metrics, tlbFlushesPerMessage: flushes } };
    assert.deepEqual(findings({ recorded: [recorded] }), ['tlbFlushesPerMessage']);
  });

  it('a third more entries', () => {
    const off = model({}, (counters) => times('entries', 'hlt', 2.5)(counters));
    assert.deepEqual(findings({ model: [off] }), [
      'vmexitsPerMessage',
      'entriesWithTimePerMessage',
    ]);
  });

  it('entries that are 15 % off in every cell: each within its tolerance, the median is not', () => {
    const cells = Array.from({ length: 12 }, (_, i) => ({
      parameters: { messageSizeBytes: 64 + i },
    }));
    const off = cells.map((cell) => model(cell, times('entries', 'hlt', 1.6)));
    const { summary, rows } = compared({ model: off, recorded: cells.map((cell) => real(cell)) });
    assert.deepEqual(
      rows.filter(({ verdict, detail }) => verdict === 'outside' && !detail),
      [],
    );
    assert.deepEqual(
      summary.medians.filter(({ holds }) => !holds).map(({ label }) => label),
      ['VMEXITs, by schedule', 'entries, timers included, by schedule'],
    );
    assert.equal(summary.holds, false);
    const few = compared({
      model: off.slice(1),
      recorded: cells.slice(1).map((cell) => real(cell)),
    });
    assert.equal(few.summary.holds, true);
  });

  it('a fresh measurement that is not the recorded one: the worse counts, and the record is stale', () => {
    const { rows, summary } = compared({ fresh: [real({}, 1.1)] });
    const events = rows.find(({ quantity }) => quantity === 'eventsPerMessage');
    assert.equal(events?.verdict, 'outside');
    assert.equal(events?.recordedIsStale, true);
    assert.ok(Math.abs((events?.difference ?? 0) + 1 / 11) < 1e-9);
    assert.ok(summary.stale > 0);
  });
});

describe('what is no difference', () => {
  it('one count in the whole window', () => {
    const off = model({}, (counters) => {
      (counters['tlb'] as Record<string, number>)['flushRequests'] = 1;
    });
    assert.equal(compared({ model: [off] }).summary.outside, 0);
  });
});

describe('what is not compared, and why', () => {
  const reasons = (evidence: Partial<Evidence>) =>
    compared(evidence).rows.filter(({ verdict, detail }) => verdict === 'not compared' && !detail);

  it('streams on pCPUs of their own, but for what the protocol decides', () => {
    const own = { scenario: 'stream', parameters: { placement: 'own', ringSizeBytes: 1024 } };
    const { rows } = compared({ model: [model(own)], recorded: [real(own)] });
    assert.deepEqual(
      rows.filter(({ verdict, detail }) => verdict === 'within' && !detail).map((r) => r.quantity),
      ['tlbFlushesPerMessage'],
    );
    assert.match(
      reasons({ model: [model(own)], recorded: [real(own)] })[0]?.reason ?? '',
      /in turn/,
    );
  });

  it('a stream whose window holds three turns of the ring only, but for what the protocol decides', () => {
    const few = { scenario: 'stream', parameters: { ringSizeBytes: 64 * 100 } };
    const { rows } = compared({ model: [model(few)], recorded: [real(few)] });
    assert.deepEqual(
      rows.filter(({ verdict, detail }) => verdict === 'within' && !detail).map((r) => r.quantity),
      ['tlbFlushesPerMessage'],
    );
    assert.match(
      rows.find(({ reason }) => reason !== undefined)?.reason ?? '',
      /fewer than 10 turns/,
    );
  });

  it('a stream of which a turn of the ring takes about as long as a time slice', () => {
    const stream = { scenario: 'stream', parameters: { ringSizeBytes: 1024 } };
    const lasting = (virtualNs: number): Cell => ({
      ...real(stream),
      counters: { ...(real(stream).counters as Counters), time: { virtualNs } },
    });
    const turns = (MESSAGES * PARAMETERS.messageSizeBytes) / 1024;
    assert.deepEqual(reasons({ model: [model(stream)], recorded: [lasting(7e6 * turns)] }), []);
    assert.match(
      reasons({ model: [model(stream)], recorded: [lasting(8e6 * turns)] })[0]?.reason ?? '',
      /about as long as a time slice/,
    );
  });

  it('but one through V4V is, which asks Xen for each message', () => {
    const few = { transport: 'v4v', scenario: 'stream', parameters: { ringSizeBytes: 64 * 100 } };
    assert.deepEqual(reasons({ model: [model(few)], recorded: [real(few)] }), []);
  });

  it('ping-pong on pCPUs of their own is', () => {
    const own = { parameters: { placement: 'own' } };
    assert.deepEqual(reasons({ model: [model(own)], recorded: [real(own)] }), []);
  });

  it('system calls of PV guests under V4V, of which the program on real Xen makes fewer', () => {
    const pv = { transport: 'v4v', parameters: { guestType: 'pv' } };
    const rows = reasons({ model: [model(pv)], recorded: [real(pv)] });
    assert.deepEqual(rows.map(({ quantity }) => quantity).sort(), [
      'entriesPerMessage',
      'entriesWithTimePerMessage',
    ]);
    assert.match(rows[0]?.reason ?? '', /kernel driver/);
  });

  it('a cell that came to nothing on either side', () => {
    const unknown = {
      ...real(),
      verdict: 'unknown' as const,
      reason: 'the guest panicked',
      metrics: {},
    };
    assert.match(reasons({ recorded: [unknown] })[0]?.reason ?? '', /unknown: the guest panicked/);
    const invalid = { ...model(), verdict: 'invalid' as const, reason: 'no progress' };
    assert.match(reasons({ model: [invalid] })[0]?.reason ?? '', /invalid: no progress/);
    assert.equal(compared({ recorded: [unknown] }).summary.empty, true);
    assert.equal(compared({ recorded: [unknown] }).summary.holds, false);
  });

  it('cells that the other side does not have', () => {
    const { rows, summary } = compared({
      recorded: [real({ parameters: { messageSizeBytes: 65 } })],
    });
    assert.deepEqual(rows, []);
    assert.equal(summary.empty, true);
  });
});

describe('order and groups', () => {
  it('puts the worst first, and what is not compared last', () => {
    const cells = [64, 128].map((messageSizeBytes) => ({ parameters: { messageSizeBytes } }));
    const own = { scenario: 'stream', parameters: { placement: 'own' } };
    const { rows, summary } = compared({
      model: [
        model(own),
        model(cells[0], times('events', 'sent', 1.04)),
        model(cells[1], times('events', 'sent', 1.4)),
      ],
      recorded: [real(own), ...cells.map((cell) => real(cell))],
    });
    assert.deepEqual(
      rows.slice(0, 2).map(({ cell, quantity }) => [cell.includes('128 B'), quantity]),
      [
        [true, 'eventsPerMessage'],
        [false, 'eventsPerMessage'],
      ],
    );
    assert.equal(rows.filter(({ detail }) => !detail).at(-1)?.verdict, 'not compared');
    assert.deepEqual(
      summary.groups.map(({ transport, guestType, outside }) => [transport, guestType, outside]),
      [['libvchan', 'pvh', 2]],
    );
  });
});

describe('published curves', () => {
  const points = (offs: readonly number[]) =>
    offs.map((off, i) => ({
      curve: 'a curve',
      point: `point ${i}`,
      unit: 'us',
      published: 100,
      model: 100 * (1 + off),
    }));
  const curve = (offs: readonly number[]) =>
    validate({ model: [], recorded: [], fresh: [], published: points(offs) }).summary;

  it('are met where the median is small and nearly all points are near', () => {
    assert.equal(curve([0.01, -0.02, 0.03, 0.24]).holds, true);
    const nine = [0.5, ...new Array<number>(9).fill(0.01)];
    assert.equal(curve(nine).curves[0]?.within, 9);
    assert.equal(curve(nine).holds, true);
  });

  it('are missed by a large median, or by too many points far off', () => {
    assert.equal(curve([0.06, 0.06, -0.07]).holds, false);
    assert.equal(curve([0.5, -0.5, 0, 0, 0, 0, 0, 0, 0]).holds, false);
  });

  it('a point that the model cannot carry out is not compared', () => {
    const [point] = points([0]);
    const { model: _none, ...without } = point as (typeof point & { model?: number }) & object;
    const { published, summary } = validate({
      model: [],
      recorded: [],
      fresh: [],
      published: [
        { ...(without as Parameters<typeof validate>[0]['published'][number]), reason: 'refused' },
      ],
    });
    assert.equal(published[0]?.verdict, 'not compared');
    assert.equal(summary.empty, true);
  });
});
