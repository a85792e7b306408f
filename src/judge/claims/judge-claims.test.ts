import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/errors.js';
import { sampleCell, sampleRun } from '../../results/sample-results.js';
import type {
  Cell,
  MetricValue,
  ParameterValue,
  PriceRecord,
  ProfileRecord,
  ResultsFile,
} from '../../results/types.js';
import type { ClaimAnswer } from './judge-claim.js';
import { judgeClaims } from './judge-claims.js';

const KIB = 1024;

describe('claims of the proposal', () => {
  it('supports the headline where V4V is within 25 % of libvchan in every stream', () => {
    const answer = headline(streams({ 1024: 0.9, 16384: 1.2 }));
    assert.equal(answer.verdict, 'supported');
  });

  it('canary: contradicts it when the same cells are doctored to a tenth', () => {
    const answer = headline(streams({ 1024: 0.09, 16384: 0.12 }), 3);
    assert.equal(answer.verdict, 'contradicted');
  });

  it('says on what it depends, and between which sizes it changes', () => {
    const ratios = { 256: 0.1, 1024: 0.2, 4096: 0.5, 16384: 0.9, 65536: 1 };
    const answer = headline(streams(ratios));
    assert.equal(answer.verdict, 'depends');
    const part = answer.parts[0];
    assert.equal(part?.dependsOn[0]?.field, 'messageSizeBytes');
    assert.deepEqual(part?.dependsOn[0]?.crossover, [4096, 16_384]);
    assert.match(answer.dependsOn.join(' '), /message: 0 of 3 up to 4 KiB, 2 of 2 from 16 KiB/);
  });

  it('answers by the kind of work where that decides', () => {
    const answer = headline(streams({ 1024: 0.01, 4096: 0.01 }), 1);
    assert.equal(answer.verdict, 'depends');
    assert.match(answer.dependsOn[0] ?? '', /streams: contradicted; round trips: supported/);
  });

  it('compares rings of equal effective size only', () => {
    const cells = streams({ 1024: 1 }).map((cell) =>
      cell.transport === 'v4v' ? { ...cell, effective: { ringSizeBytes: 60_000 } } : cell,
    );
    assert.equal(headline(cells, null).verdict, 'not tested');
    const near = streams({ 1024: 1 }).map((cell) =>
      cell.transport === 'v4v' ? { ...cell, effective: { ringSizeBytes: 65_472 } } : cell,
    );
    assert.equal(headline(near, null).verdict, 'supported');
  });

  it('takes no figure from a cell that is not sound', () => {
    const cells = streams({ 1024: 1 }).map((cell) => ({ ...cell, verdict: 'invalid' as const }));
    const sheet = judgeClaims([results(cells)], ['close-at-equal-buffers']);
    assert.equal(sheet.cells, 0);
    assert.equal(sheet.unsound, 2);
    assert.equal(sheet.answers[0]?.verdict, 'not tested');
  });

  it('pairs cells although one transport has a setting that the other does not know', () => {
    const cells = streams({ 1024: 1 }).map((cell) =>
      cell.transport === 'v4v'
        ? { ...cell, parameters: { ...cell.parameters, coalesceBytes: 65_536 } }
        : cell,
    );
    assert.equal(headline(cells, null).verdict, 'supported');
  });

  it('canary: one case above twice the entries contradicts "in the worst case not many more"', () => {
    const entries = (v4v: number): readonly Cell[] => [
      ...pair('ping-pong', 'entriesPerMessage', [2, 2], { messageSizeBytes: 64 }),
      ...pair('ping-pong', 'entriesPerMessage', [v4v, 2], { messageSizeBytes: 1024 }),
    ];
    assert.equal(only('vmexit-worst-case', entries(4)).verdict, 'supported');
    assert.equal(only('vmexit-worst-case', entries(4.01)).verdict, 'contradicted');
  });

  it('tells the grant methods apart: parity with a mapping for each transfer, not with rings', () => {
    const at = { messageSizeBytes: 4096, grantMode: 'persistent' };
    const answer = only('vmexit-parity', [
      cell('v4v', 'grant-mode', 'entriesPerMessage', 2, at),
      cell('libvchan', 'grant-mode', 'entriesPerMessage', 0.1, at),
      cell('v2v', 'grant-mode', 'entriesPerMessage', 4, { ...at, grantMode: 'per-transfer' }),
    ]);
    assert.equal(answer.verdict, 'depends');
    const verdicts = answer.parts.map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ['contradicted', 'not tested', 'supported']);
    assert.equal(answer.inPart, true);
  });

  it('does not let the density of a sweep decide: each scenario weighs the same', () => {
    const dense = Array.from({ length: 30 }, (_, i) =>
      pair('buffer-size', 'entriesPerMessage', [2, 1], { messageSizeBytes: 64 + i }),
    ).flat();
    const sparse = pair('ping-pong', 'entriesPerMessage', [2, 2], { messageSizeBytes: 64 });
    const answer = only('vmexit-parity', [...dense, ...sparse]);
    assert.equal(answer.parts[0]?.holding, 1);
    assert.equal(answer.parts[0]?.cases, 31);
    assert.equal(answer.parts[0]?.verdict, 'depends');
  });

  it('canary: a zombie of V4V contradicts the order of destruction', () => {
    const cells = (v4v: boolean): readonly Cell[] => [
      fault('libvchan', 'destroy-order', { order: 'server-first' }, { zombieLeft: true }),
      fault('v4v', 'destroy-order', { order: 'server-first' }, { zombieLeft: v4v }),
    ];
    assert.equal(only('destroy-order', cells(false)).verdict, 'supported');
    assert.equal(only('destroy-order', cells(true)).verdict, 'contradicted');
  });

  it('is fair to V2V: told survivors contradict what is held against it', () => {
    const cells = (v2v: string, v4v: string): readonly Cell[] => [
      fault('v2v', 'untold-survivor', { dies: 'client' }, { told: v2v }),
      fault('v4v', 'untold-survivor', { dies: 'client' }, { told: v4v }),
    ];
    assert.equal(only('peer-vanishes', cells('never', 'yes')).verdict, 'supported');
    assert.equal(only('peer-vanishes', cells('yes', 'never')).verdict, 'contradicted');
    assert.equal(only('peer-vanishes', cells('never', 'never')).verdict, 'contradicted');
  });

  it('names the command where the needed cells are not there', () => {
    const answer = only('broker', streams({ 1024: 1 }));
    assert.equal(answer.verdict, 'not tested');
    assert.equal(answer.parts[0]?.run, 'interdom run broker-outage --suite failure');
  });

  it('judges each profile by itself', () => {
    const cells = [
      ...streams({ 1024: 1 }),
      ...streams({ 1024: 0.01 }).map((one) => ({
        ...one,
        profile: 'other',
        id: `other/${one.id}`,
      })),
    ];
    const answer = headline(cells, null);
    assert.deepEqual(answer.profiles, [
      { profile: 'sample', verdict: 'supported' },
      { profile: 'other', verdict: 'contradicted' },
    ]);
  });

  it('says in how many paired draws of the prices the verdict flips', () => {
    const plain = streams({ 1024: 1 });
    const drawn = [1, 1.1, 0.9, 0.02].flatMap((ratio, i) =>
      atDraw(i + 1, streams({ 1024: ratio })),
    );
    const [robustness] = [headline([...plain, ...drawn], null).robustness];
    assert.equal(robustness?.draws, 4);
    assert.equal(robustness?.flips, 1);
    assert.equal(robustness?.probability, 0.25);
    assert.deepEqual(robustness?.verdicts, { supported: 3, contradicted: 1 });
    const [low, high] = robustness?.interval ?? [1, 0];
    assert.ok(low > 0 && low < 0.25 && high > 0.25 && high < 1);
    // The draws alone: the verdict is that of their middle.
    const alone = headline(drawn, null);
    assert.equal(alone.verdict, 'supported');
    assert.equal(alone.robustness?.flips, 1);
  });

  it('says which questions no draw measured', () => {
    const trips = pair('ping-pong', 'latencyNsP50', [900, 1000], { messageSizeBytes: 64 });
    const plain = [...streams({ 1024: 1, 4096: 1 }), ...trips];
    const robustness = headline([...plain, ...atDraw(1, streams({ 1024: 1 }))], null).robustness;
    assert.deepEqual(robustness?.undrawn, [
      { label: 'throughput of streams', cases: 1, of: 2 },
      { label: 'round trips', cases: 1, of: 1 },
      { label: 'V4V at least as fast, streams', cases: 1, of: 2 },
    ]);
  });

  it('takes no price of a profile for a drawn one', () => {
    const cells = streams({ 1024: 1 });
    const run = sampleRun();
    const { vmexit, ...rest } = run.profiles['sample']?.prices ?? {};
    const copyDram = { ...(vmexit as PriceRecord), unit: 'ps/B', value: 100 };
    const sample = { ...(run.profiles['sample'] as ProfileRecord), prices: { ...rest, copyDram } };
    const file = {
      ...results([...cells, ...atDraw(1, cells)]),
      run: { ...run, profiles: { sample } },
    };
    const [answer] = judgeClaims([file], ['memory-gigabytes']).answers;
    assert.equal(answer?.parts[0]?.cases, 1);
    assert.equal(answer?.verdict, 'supported');
    assert.equal(answer?.robustness, undefined);
  });

  it('puts draws of several runs together that have the same prices, and no others', () => {
    const run = (seed: number, cells: readonly Cell[]): ResultsFile => ({
      ...results(cells),
      run: { ...sampleRun(), options: { seed, uncertainty: 2 } },
    });
    const some = atDraw(1, streams({ 1024: 1 }));
    const others = atDraw(1, streams({ 4096: 1 }));
    assert.equal(judgeClaims([run(1, some), run(1, others)]).draws, 1);
    assert.equal(judgeClaims([run(1, some), run(2, others)]).draws, 2);
    assert.equal(judgeClaims([results(some), results(others)]).draws, 2);
  });

  it('lets no cell that is not sound say that something works, or that it does not', () => {
    const at = { guestType: 'pv:pvh', messageSizeBytes: 64 };
    const sound = cell('v4v', 'dom0-peer', 'latencyNsP50', 1, at);
    const works = (...cells: readonly Cell[]): string => only('dom0-too', cells).verdict;
    assert.equal(works(sound), 'supported');
    assert.equal(works({ ...sound, verdict: 'invalid' }), 'not tested');
    assert.equal(works({ ...sound, verdict: 'unknown' }), 'not tested');
    assert.equal(works({ ...sound, outcome: { finding: 'stalled' } }), 'contradicted');
  });

  it('says what real Xen alone answers, where a model has been asked as well', () => {
    const outage = (testbed: string, newConnection: string): Cell => {
      const parameters = { service: 'broker', when: 'before' };
      const cell = fault('v2v', 'broker-outage', parameters, { newConnection });
      return { ...cell, testbed, id: `${testbed}/${cell.id}` };
    };
    const model = outage('model', 'waits');
    const answer = (...cells: readonly Cell[]) =>
      only('broker', cells).onRealXen.map(({ label, verdict, cases }) => [label, verdict, cases]);
    const question = 'V2V cannot connect without it';
    assert.deepEqual(answer(model, outage('xen', 'refused')), [[question, 'supported', 1]]);
    assert.deepEqual(answer(model, outage('xen', 'made')), [[question, 'contradicted', 1]]);
    assert.deepEqual(answer(model), []);
    assert.deepEqual(answer(outage('xen', 'waits')), []);
  });

  it('finds that both have their place, or that one of them has not', () => {
    const mixed = judgeClaims([results([...streams({ 1024: 0.2 }), ...setups(10)])], ['coexist']);
    assert.equal(mixed.answers[0]?.verdict, 'supported');
    assert.equal(use(mixed, 'small-writes'), 'libvchan');
    assert.equal(use(mixed, 'short-connections'), 'v4v');
    assert.equal(use(mixed, 'told'), 'not tested');
    const one = judgeClaims([results([...streams({ 1024: 0.2 }), ...setups(0.1)])], ['coexist']);
    assert.equal(one.answers[0]?.verdict, 'contradicted');
  });

  it('recommends neither where both fail, and either where both do well', () => {
    const toldAs = (told: string): string | undefined => {
      const cells = ['v4v', 'libvchan'].map((transport) =>
        fault(transport, 'untold-survivor', { dies: 'client' }, { told }),
      );
      return use(judgeClaims([results(cells)]), 'told');
    };
    assert.equal(toldAs('never'), 'neither');
    assert.equal(toldAs('yes'), 'either');
  });

  it('refuses a claim that nobody made', () => {
    assert.throws(
      () => judgeClaims([results(streams({ 1024: 1 }))], ['vmexit-partiy']),
      (error: unknown) => error instanceof UserError && /vmexit-parity/.test(error.remedy ?? ''),
    );
  });
});

function use(sheet: ReturnType<typeof judgeClaims>, id: string): string | undefined {
  return sheet.choices.find((row) => row.id === id)?.use;
}

/** The headline's answer; `roundTrip` is V4V's over libvchan's, null leaves round trips out. */
function headline(cells: readonly Cell[], roundTrip: number | null = 1): ClaimAnswer {
  const trips =
    roundTrip === null
      ? []
      : pair('ping-pong', 'latencyNsP50', [roundTrip * 1000, 1000], { messageSizeBytes: 64 });
  return only('close-at-equal-buffers', [...cells, ...trips]);
}

function only(id: string, cells: readonly Cell[]): ClaimAnswer {
  return judgeClaims([results(cells)], [id]).answers[0] as ClaimAnswer;
}

function results(cells: readonly Cell[]): ResultsFile {
  return { schemaVersion: 1, run: sampleRun(), cells };
}

/** Streams of V4V and libvchan: V4V's throughput as a share of libvchan's, by message size. */
function streams(ratios: Readonly<Record<number, number>>): readonly Cell[] {
  return Object.entries(ratios).flatMap(([size, ratio]) =>
    pair('buffer-size', 'bytesPerSecond', [ratio * 1e9, 1e9], { messageSizeBytes: Number(size) }),
  );
}

/** The same cells as measured at drawn prices. */
function atDraw(draw: number, cells: readonly Cell[]): readonly Cell[] {
  return cells.map((one) => ({
    ...one,
    id: `${one.id},draw=${draw}`,
    parameters: { ...one.parameters, draw },
  }));
}

/** Set-ups, libvchan taking so many times as long as V4V. */
function setups(times: number): readonly Cell[] {
  return pair('setup', 'setupNs', [1000, 1000 * times], { messageSizeBytes: 64 });
}

function pair(
  scenario: string,
  metric: string,
  [v4v, libvchan]: readonly [number, number],
  parameters: Readonly<Record<string, ParameterValue>>,
): readonly Cell[] {
  return [
    cell('v4v', scenario, metric, v4v, parameters),
    cell('libvchan', scenario, metric, libvchan, parameters),
  ];
}

const UNITS: Readonly<Record<string, string>> = {
  bytesPerSecond: 'B/s',
  latencyNsP50: 'ns',
  setupNs: 'ns',
};

function cell(
  transport: string,
  scenario: string,
  metric: string,
  value: number,
  parameters: Readonly<Record<string, ParameterValue>>,
): Cell {
  const figure: MetricValue = {
    value,
    unit: UNITS[metric] ?? '1',
    better: 'lower',
    assume: 'exact',
  };
  const { attributionNs: _times, ...rest } = sampleCell(
    { ringSizeBytes: 64 * KIB, ...parameters },
    { transport, scenario, metrics: { [metric]: figure } },
  );
  return rest;
}

function fault(
  transport: string,
  scenario: string,
  parameters: Readonly<Record<string, ParameterValue>>,
  outcome: Readonly<Record<string, ParameterValue>>,
): Cell {
  return sampleCell(parameters, { transport, scenario, outcome, metrics: {} });
}
