import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/errors.js';
import { sampleCell, sampleResults } from '../../results/sample-results.js';
import type { Cell, MetricValue, ResultsFile } from '../../results/types.js';
import { AppliedPolicy } from './applied-policy.js';
import type { Judgement } from './finding.js';
import { type GateOptions, judgeRun } from './judge-run.js';
import { parsePolicy } from './policy.js';
import { sideOfResults } from './side.js';

const exact = (value: number, rest: Partial<MetricValue> = {}): MetricValue => ({
  value,
  unit: 'ns',
  better: 'lower',
  assume: 'exact',
  determinedBy: 'schedule',
  ...rest,
});

const METRICS = {
  latencyNsP50: exact(12_000),
  bytesPerSecond: exact(1e9, { unit: 'B/s', better: 'higher' }),
  entriesPerMessage: exact(2, { unit: '1' }),
};

const COUNTERS: NonNullable<Cell['counters']> = {
  hypercalls: { evtchn_send: 1000 },
  entries: { hypercall: 1000, hlt: 1000 },
  tlb: { misses: 12 },
  grants: {},
  events: { sent: 1000 },
  copies: { guestBytes: 65_536 },
  xenstore: {},
};

function cell(seed: number, fields: Parameters<typeof sampleCell>[1] = {}): Cell {
  return sampleCell(
    { seed, messages: 1000 },
    {
      metrics: METRICS,
      counters: COUNTERS,
      attributionNs: { 'pcpu0 (dom1)': { 'hypervisor-entry': 1e6, idle: 5e5 } },
      ...fields,
    },
  );
}

function file(...cells: readonly Cell[]): ResultsFile {
  const { harness: _, ...run } = sampleResults(0).run;
  return { ...sampleResults(0), run, cells };
}

interface Given extends Partial<Omit<GateOptions, 'policy'>> {
  readonly policy?: unknown;
}

function judge(before: ResultsFile, after: ResultsFile, given: Given = {}): Promise<Judgement> {
  const { policy, ...rest } = given;
  return judgeRun(
    sideOfResults('before.json', before, true),
    sideOfResults('after.json', after, true),
    {
      policy: new AppliedPolicy(parsePolicy(policy ?? {}, 'file'), '2026-06-30'),
      strict: false,
      partial: false,
      noiseFloors: new Map(),
      everyEntryMatches: true,
      ...rest,
    },
  );
}

const changed = (metrics: Record<string, MetricValue>, fields: Partial<Cell> = {}) =>
  file(cell(1, { ...fields, metrics: { ...METRICS, ...metrics } }), cell(2));
const reference = file(cell(1), cell(2));

describe('exact figures', () => {
  it('are fine where nothing has changed', async () => {
    const judgement = await judge(reference, file(cell(1), cell(2)));
    assert.equal(judgement.verdict, 'ok');
    assert.equal(judgement.comparedCells, 2);
    assert.deepEqual(judgement.findings, []);
  });

  it('are worse at the last bit: old, new, difference and share are told', async () => {
    const judgement = await judge(reference, changed({ latencyNsP50: exact(12_120) }));
    assert.equal(judgement.verdict, 'regressed');
    const [finding] = judgement.findings;
    assert.equal(finding?.kind, 'regressed');
    assert.equal(finding.metric, 'latencyNsP50');
    assert.equal(finding.message, '12 -> 12.12 us (+120 ns, +1 %)');
    const tiny = await judge(reference, changed({ latencyNsP50: exact(12_000.000_000_1) }));
    assert.equal(tiny.verdict, 'regressed');
  });

  it('know which side is better', async () => {
    const less = exact(0.99e9, { unit: 'B/s', better: 'higher' });
    assert.equal((await judge(reference, changed({ bytesPerSecond: less }))).verdict, 'regressed');
    const more = exact(1.01e9, { unit: 'B/s', better: 'higher' });
    const judgement = await judge(reference, changed({ bytesPerSecond: more }));
    assert.equal(judgement.verdict, 'ok');
    assert.equal(judgement.counts.improved, 1);
    assert.match(judgement.sentence, /^nothing became worse, and 1 figure better; /);
  });

  it('may under --strict not even become better', async () => {
    const better = changed({ latencyNsP50: exact(11_000) });
    const judgement = await judge(reference, better, { strict: true });
    assert.equal(judgement.verdict, 'regressed');
    assert.match(judgement.sentence, /the reference no longer holds \(1 improved\): update it/);
  });

  it('may be as much worse as the policy allows, and no more', async () => {
    const policy = { thresholds: ['*:latencyNsP50 <= 1 %'] };
    const one = changed({ latencyNsP50: exact(12_120) });
    assert.equal((await judge(reference, one, { policy })).verdict, 'ok');
    const more = changed({ latencyNsP50: exact(12_121) });
    const judgement = await judge(reference, more, { policy });
    assert.equal(judgement.verdict, 'regressed');
    assert.match(judgement.findings[0]?.message ?? '', /allowed 1 %$/);
    const absolute = { thresholds: ['*:latencyNsP50 <= 121 ns'] };
    assert.equal((await judge(reference, more, { policy: absolute })).verdict, 'ok');
  });

  it('refuse a threshold in a unit that is not theirs', async () => {
    const policy = { thresholds: ['*:entriesPerMessage <= 10 ns'] };
    await assert.rejects(
      judge(reference, reference, { policy }),
      /allows 10 ns, and entriesPerMessage is in "1"/,
    );
  });
});

describe('the cause of a change', () => {
  it('is a count that moved: how much a message, and which', async () => {
    const counters = { ...COUNTERS, entries: { hypercall: 1000, hlt: 3000 } };
    const worse = changed(
      { latencyNsP50: exact(15_000), entriesPerMessage: exact(4, { unit: '1' }) },
      { counters },
    );
    const { findings } = await judge(reference, worse);
    for (const metric of ['entriesPerMessage', 'latencyNsP50']) {
      const finding = findings.find((one) => one.metric === metric);
      assert.equal(finding?.causes[0]?.text, '+2 VMEXITs a message: hlt', metric);
    }
  });

  it('is the hypercall, where entries follow from it', async () => {
    const counters = {
      ...COUNTERS,
      hypercalls: { evtchn_send: 2000 },
      entries: { hypercall: 2000, hlt: 1000 },
      events: { sent: 2000 },
    };
    const worse = changed({ entriesPerMessage: exact(3, { unit: '1' }) }, { counters });
    const { findings, causes } = await judge(reference, worse);
    assert.equal(findings[0]?.causes[0]?.text, '+1 hypercall a message: evtchn_send');
    assert.equal(causes[0]?.key, 'more hypercalls.evtchn_send');
  });

  it('is a price of the profile, with what it comes to', async () => {
    const dearer = structuredClone(reference) as { run: { profiles: Record<string, unknown> } };
    const profile = reference.run.profiles['sample'];
    assert.ok(profile);
    const price = profile.prices['vmexit'];
    assert.ok(price);
    dearer.run.profiles['sample'] = {
      ...profile,
      prices: { vmexit: { ...price, value: 1100 } },
    };
    const after = {
      ...(dearer as unknown as ResultsFile),
      cells: changed(
        { latencyNsP50: exact(12_100) },
        { attributionNs: { 'pcpu0 (dom1)': { 'hypervisor-entry': 1.1e6, idle: 5e5 } } },
      ).cells,
    };
    const judgement = await judge(reference, after);
    assert.equal(judgement.verdict, 'regressed');
    assert.deepEqual(
      judgement.profileChanges.map(({ name, text }) => [name, text]),
      [['vmexit', '1000 -> 1100 cycles (+50 ns)']],
    );
    assert.equal(
      judgement.findings[0]?.causes[0]?.text,
      'price vmexit 1000 -> 1100 cycles (+50 ns), 2 VMEXITs a message: +100 ns',
    );
    assert.equal(judgement.causes[0]?.key, 'price vmexit');
  });

  it('is a feature of the profile', async () => {
    const profile = reference.run.profiles['sample'];
    assert.ok(profile);
    const lazy = { ...profile, features: { ...profile.features, eagerFpu: false } };
    const after = {
      ...changed({ latencyNsP50: exact(13_000) }),
      run: { ...reference.run, profiles: { sample: lazy } },
    };
    const judgement = await judge(reference, after);
    assert.equal(judgement.findings[0]?.causes[0]?.text, 'feature eagerFpu true -> false');
  });

  it('is the time that moved, where no count and no price did', async () => {
    const worse = changed(
      { latencyNsP50: exact(13_000) },
      { attributionNs: { 'pcpu0 (dom1)': { 'hypervisor-entry': 1.5e6, idle: 5e5 } } },
    );
    const judgement = await judge(reference, worse);
    assert.equal(judgement.findings[0]?.causes[0]?.text, '+500 ns a message of hypervisor-entry');
  });

  it('is said to be unknown where nothing moved with it', async () => {
    const judgement = await judge(reference, changed({ latencyNsP50: exact(13_000) }));
    assert.deepEqual(judgement.findings[0]?.causes, []);
    assert.equal(judgement.causes[0]?.text, 'nothing that is recorded moved with it');
  });
});

describe('what did not run', () => {
  it('is neither fine nor regressed: a cell that is missing', async () => {
    const judgement = await judge(reference, file(cell(1)));
    assert.equal(judgement.verdict, 'nothing-measured');
    assert.equal(judgement.findings[0]?.message, 'the run does not have it');
    assert.equal((await judge(reference, file(cell(1)), { partial: true })).verdict, 'ok');
  });

  it('is not excused by --partial where the run was interrupted', async () => {
    const broken = { ...file(cell(1)), run: { ...reference.run, complete: false } };
    const judgement = await judge(reference, broken, { partial: true });
    assert.equal(judgement.verdict, 'nothing-measured');
    assert.match(judgement.sentence, /^the run is not complete; 1 cell of .* has no sound measure/);
    const whole = { ...reference, run: { ...reference.run, complete: false } };
    const { sentence } = await judge(reference, whole, { partial: true });
    assert.match(sentence, /^the run is not complete; \d+ figures of 2 cells compared with /);
  });

  for (const verdict of ['invalid', 'unknown'] as const) {
    it(`shows where a cell is ${verdict}`, async () => {
      const bad = cell(2, { verdict, reason: 'no progress', metrics: {} });
      const judgement = await judge(reference, file(cell(1), bad));
      assert.equal(judgement.verdict, 'nothing-measured');
      assert.equal(judgement.findings[0]?.message, `${verdict}: no progress`);
      const alone = await judge(file(cell(1)), file(cell(1), bad));
      assert.equal(alone.verdict, 'nothing-measured', 'also where the reference does not know it');
    });
  }

  it('shows where a cell is skipped now, and not where it always was', async () => {
    const skipped = cell(2, { verdict: 'skipped', reason: 'too large', metrics: {} });
    const judgement = await judge(reference, file(cell(1), skipped));
    assert.equal(judgement.verdict, 'nothing-measured');
    assert.equal(judgement.findings[0]?.message, 'is skipped now: too large');
    assert.equal((await judge(file(cell(1), skipped), file(cell(1), skipped))).verdict, 'ok');
  });

  it('shows where a figure is missing', async () => {
    const { latencyNsP50: _, ...rest } = METRICS;
    const judgement = await judge(reference, file(cell(1, { metrics: rest }), cell(2)));
    assert.equal(judgement.verdict, 'nothing-measured');
    assert.equal(judgement.findings[0]?.metric, 'latencyNsP50');
  });

  it('is all there is in an empty run', async () => {
    const judgement = await judge(reference, file());
    assert.equal(judgement.verdict, 'nothing-measured');
    assert.equal(judgement.sentence, 'nothing was measured: the run has no valid cell');
  });

  it('does not hide what became worse beside it', async () => {
    const { cells } = changed({ latencyNsP50: exact(13_000) });
    const judgement = await judge(reference, file(cells[0] as Cell));
    assert.equal(judgement.verdict, 'regressed');
    assert.equal(judgement.counts['not-measured'], 1);
  });
});

describe('what cannot be compared', () => {
  it('is another testbed or profile', async () => {
    const other = file(cell(1, { testbed: 'xen' }));
    const judgement = await judge(reference, other);
    assert.equal(judgement.verdict, 'not-comparable');
    assert.match(judgement.sentence, /the reference has the testbed model, the run xen$/);
    const profile = await judge(reference, file(cell(1, { profile: 'zen4-2023' })));
    assert.match(profile.sentence, /the reference has the profile sample, the run zen4-2023$/);
  });

  it('is a run with another seed, and that is said', async () => {
    const judgement = await judge(reference, file(cell(7)));
    assert.equal(judgement.verdict, 'not-comparable');
    assert.match(judgement.sentence, /for example seed=1 there, and seed=7 here$/);
  });

  it('is a reference in which nothing of the run was measured, and not fine', async () => {
    const unmeasured = file(
      cell(1, { verdict: 'skipped', reason: 'too large', metrics: {} }),
      cell(2, { verdict: 'skipped', reason: 'too large', metrics: {} }),
    );
    const judgement = await judge(unmeasured, reference);
    assert.equal(judgement.comparedFigures, 0);
    assert.equal(judgement.verdict, 'not-comparable');
    assert.match(judgement.sentence, /not one figure of the run stands in before\.json/);
  });

  it('is another version of the scenario', async () => {
    const judgement = await judge(reference, file(cell(1, { scenarioVersion: 2 }), cell(2)));
    assert.equal(judgement.verdict, 'not-comparable');
    assert.equal(
      judgement.findings[0]?.message,
      'the scenario stream was of version 1, and is of version 2',
    );
  });

  it('is a figure in another unit', async () => {
    const judgement = await judge(reference, changed({ latencyNsP50: exact(12, { unit: 'us' }) }));
    assert.equal(judgement.verdict, 'not-comparable');
    assert.equal(judgement.findings[0]?.message, 'its unit was ns, and is us');
  });

  it('is a figure that was exact and is sampled now', async () => {
    const sampled = { value: 12_000, unit: 'ns', better: 'lower', assume: 'nothing' } as const;
    const judgement = await judge(reference, changed({ latencyNsP50: sampled }));
    assert.equal(judgement.verdict, 'not-comparable');
  });
});

describe('what has no better side', () => {
  it('must not change unseen where it is what the protocol did', async () => {
    const judgement = await judge(
      reference,
      file(cell(1, { outcome: { delivered: false } }), cell(2)),
    );
    assert.equal(judgement.verdict, 'regressed');
    assert.equal(judgement.findings[0]?.metric, 'outcome.delivered');
    assert.equal(judgement.findings[0]?.message, 'true -> false');
    const ring = await judge(
      reference,
      file(cell(1, { effective: { ringSizeBytes: 1 } }), cell(2)),
    );
    assert.equal(ring.verdict, 'regressed');
  });

  it('is told where it is a figure, and fails under --strict only', async () => {
    const neutral = (value: number) => exact(value, { better: 'none' });
    const before = changed({ pages: neutral(3) });
    const after = changed({ pages: neutral(4) });
    const judgement = await judge(before, after);
    assert.equal(judgement.verdict, 'ok');
    assert.equal(judgement.counts.changed, 1);
    assert.equal((await judge(before, after, { strict: true })).verdict, 'regressed');
  });

  it('is a cell that the reference does not know', async () => {
    const more = file(cell(1), cell(2), cell(3));
    const judgement = await judge(reference, more);
    assert.equal(judgement.verdict, 'ok');
    assert.equal(judgement.counts.new, 1);
    assert.equal((await judge(reference, more, { strict: true })).verdict, 'regressed');
  });
});

describe('what the policy ignores', () => {
  const policy = {
    ignore: [{ match: '*:latencyNsP50', reason: 'known', until: '2026-12-31' }],
  };
  const worse = changed({ latencyNsP50: exact(13_000) });

  it('does not fail, and is still told', async () => {
    const judgement = await judge(reference, worse, { policy });
    assert.equal(judgement.verdict, 'ok');
    assert.deepEqual(judgement.findings, []);
    assert.equal(judgement.ignored[0]?.ignored?.reason, 'known');
    assert.match(judgement.sentence, /^nothing that counts became worse; /);
  });

  it('fails again when its day has passed', async () => {
    const [entry] = policy.ignore;
    const judgement = await judge(reference, worse, {
      policy: { ignore: [{ ...entry, until: '2026-06-29' }] },
    });
    assert.equal(judgement.verdict, 'regressed');
    assert.match(
      judgement.notes[0] ?? '',
      /was to be ignored until 2026-06-29; this entry holds no more$/,
    );
  });

  it('must match something', async () => {
    const none = { ignore: [{ match: '*/nobody/*', reason: 'x', until: '2026-12-31' }] };
    await assert.rejects(judge(reference, worse, { policy: none }), (error) => {
      return error instanceof UserError && /\*\/nobody\/\* matches nothing/.test(error.message);
    });
  });

  it('may match what the run does not have, as long as the reference does', async () => {
    const other = { ignore: [{ match: '*zen4*', reason: 'x', until: '2026-12-31' }] };
    const judgement = await judge(reference, reference, {
      policy: other,
      otherCells: () => [cell(1, { profile: 'zen4-2023' })],
    });
    assert.equal(judgement.verdict, 'ok');
  });
});

describe('counts on real Xen', () => {
  const spread = (low: number, value: number, high: number): MetricValue => ({
    value,
    unit: '1',
    better: 'lower',
    assume: 'nothing',
    determinedBy: 'schedule',
    samples: [low, value, high],
    interval: [low, high],
  });
  const xen = (metric: MetricValue) => changed({ entriesPerMessage: metric });
  const before = xen(spread(4, 4.1, 4.3));

  for (const [what, after, verdict] of [
    ['the same within the spread', spread(3.9, 4.2, 4.4), 'ok'],
    ['worse beyond both spreads', spread(4.4, 4.5, 4.6), 'regressed'],
    ['better beyond both spreads', spread(3.5, 3.6, 3.7), 'ok'],
    ['nobody can tell where spreads overlap', spread(4.2, 4.5, 4.8), 'inconclusive'],
  ] as const) {
    it(`are ${what}`, async () => {
      const judgement = await judge(before, xen(after));
      assert.equal(judgement.verdict, verdict, judgement.findings[0]?.message);
    });
  }

  it('are compared with an exact count as with a spread of nothing', async () => {
    const one = xen({ ...exact(4.2, { unit: '1' }) });
    assert.equal((await judge(before, one)).verdict, 'ok');
    assert.equal((await judge(one, xen(spread(4.3, 4.4, 4.5)))).verdict, 'regressed');
  });

  it('may differ by what the policy allows beyond the spread', async () => {
    const policy = { thresholds: ['*:entriesPerMessage <= 5 %'] };
    const judgement = await judge(before, xen(spread(4.4, 4.45, 4.6)), { policy });
    assert.equal(judgement.verdict, 'ok');
  });
});
