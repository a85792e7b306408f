import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/errors.js';
import { AppliedPolicy } from './applied-policy.js';
import { parsePattern } from './pattern.js';
import { parsePolicy } from './policy.js';

const CELL = 'model/skylake-2017/v4v/ping-pong/ringSizeBytes=4096,guestType=pv:pvh,seed=1';

describe('patterns', () => {
  for (const [text, cell, metric, matches] of [
    ['*/ping-pong/*:latencyNsP99', CELL, 'latencyNsP99', true],
    ['*/ping-pong/*:latencyNsP99', CELL, 'latencyNsP999', false],
    ['*/ping-pong/*:latencyNs*', CELL, 'latencyNsP999', true],
    ['*/stream/*:latencyNsP99', CELL, 'latencyNsP99', false],
    ['*', CELL, 'anything', true],
    ['model/*', CELL, 'anything', true],
    [CELL, CELL, 'anything', true],
    ['*guestType=pv:pvh*:*', CELL, 'setupNs', true],
    ['*guestType=pv:pv,*', CELL, 'setupNs', false],
    ['model/skylake.2017/*', CELL, 'setupNs', false],
    ['harness:*', 'harness', 'simulatedMessagesPerSecond', true],
    ['*:outcome.*', CELL, 'outcome.delivered', true],
  ] as const) {
    it(`${text} ${matches ? 'means' : 'does not mean'} ${metric} of ${cell.slice(0, 40)}`, () => {
      const pattern = parsePattern(text, 'here');
      assert.equal(pattern.matchesCell(cell) && pattern.matchesMetric(metric), matches);
    });
  }

  it('tells whole cells from some of their figures', () => {
    assert.equal(parsePattern('*/stream/*', 'here').wholeCell, true);
    assert.equal(parsePattern('*/stream/*:*', 'here').wholeCell, true);
    assert.equal(parsePattern('*/stream/*:setupNs', 'here').wholeCell, false);
  });
});

describe('a policy', () => {
  it('reads thresholds in parts and in amounts, and what is ignored', () => {
    const policy = parsePolicy(
      {
        thresholds: ['*:latencyNsP99 <= 5 %', '*/stream/*:setupNs <= 200 ns', '* <= 0.5%'],
        ignore: [{ match: '*/v2v/*', reason: 'being rewritten', until: '2026-12-31' }],
      },
      'interdom.config.json: policy',
    );
    assert.deepEqual(
      policy.thresholds.map(({ allowance }) => allowance),
      [
        { relative: 0.05, text: '5 %' },
        { absolute: 200, unit: 'ns', text: '200 ns' },
        { relative: 0.005, text: '0.5 %' },
      ],
    );
    assert.equal(policy.thresholds[1]?.where, 'interdom.config.json: policy.thresholds[1]');
    assert.equal(policy.ignores[0]?.reason, 'being rewritten');
  });

  for (const [what, value, message] of [
    ['no object', [], /the policy is not an object/],
    ['an unknown field', { treshold: [] }, /"treshold" is not a field/],
    ['thresholds that are no list', { thresholds: 'x' }, /"thresholds" is not a list/],
    ['a threshold without amount', { thresholds: ['*'] }, /"\*" is not "pattern <= amount"/],
    ['a negative threshold', { thresholds: ['* <= -5 %'] }, /is not "pattern <= amount"/],
    [
      'an ignored cell without reason',
      { ignore: [{ match: '*', until: '2026-01-01' }] },
      /"reason" is missing/,
    ],
    [
      'an ignored cell without date',
      { ignore: [{ match: '*', reason: 'x' }] },
      /"until" is not a date/,
    ],
    [
      'a day that no month has',
      { ignore: [{ match: '*', reason: 'x', until: '2026-02-30' }] },
      /"until" is not a date/,
    ],
    ['a slip in a field', { ignore: [{ macth: '*' }] }, /"macth" is not a field/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parsePolicy(value, 'file'),
        (error) =>
          error instanceof UserError &&
          message.test(error.message) &&
          error.where?.startsWith('file') === true,
      );
    });
  }
});

describe('a policy that is applied', () => {
  const policy = (thresholds: string[], until = '2026-12-31') =>
    new AppliedPolicy(
      parsePolicy({ thresholds, ignore: [{ match: '*/v2v/*', reason: 'r', until }] }, 'file'),
      '2026-06-30',
    );
  const v2v = 'model/p/v2v/stream/seed=1';

  it('lets later entries go before earlier ones', () => {
    const applied = policy(['* <= 1 %', '*/ping-pong/*:latencyNsP99 <= 5 %']);
    const own = applied.forCell(CELL, ['latencyNsP99', 'setupNs']);
    assert.equal(own.thresholdOf('latencyNsP99')?.allowance.text, '5 %');
    assert.equal(own.thresholdOf('setupNs')?.allowance.text, '1 %');
    assert.equal(own.ignoredWhole, undefined);
    assert.equal(applied.forCell(v2v, []).ignoredWhole?.reason, 'r');
    applied.demandUse(true);
  });

  it('refuses an entry that matches nothing', () => {
    const applied = policy(['*/ping-pogn/*:latencyNsP99 <= 5 %']);
    applied.forCell(CELL, ['latencyNsP99']);
    applied.forCell(v2v, ['latencyNsP99']);
    assert.throws(
      () => applied.demandUse(true),
      (error) =>
        error instanceof UserError &&
        error.message === 'the pattern */ping-pogn/*:latencyNsP99 matches nothing' &&
        error.where === 'file.thresholds[0]',
    );
  });

  it('refuses an entry that later ones override everywhere', () => {
    const applied = policy(['*:latencyNsP99 <= 5 %', '* <= 1 %']);
    applied.forCell(CELL, ['latencyNsP99']);
    applied.forCell(v2v, ['latencyNsP99']);
    assert.throws(() => applied.demandUse(true), /decides nothing: later entries override it/);
  });

  it('does not miss the harness where it is not judged', () => {
    const applied = policy(['harness:* <= 20 %']);
    applied.forCell(v2v, ['setupNs']);
    applied.demandUse(false);
    assert.throws(() => applied.demandUse(true), /harness:\* matches nothing/);
  });

  it('ignores until the day has passed, and then says so', () => {
    const last = policy([], '2026-06-30');
    assert.ok(last.forCell(v2v, ['setupNs']).ignoredBy('setupNs'));
    assert.deepEqual(last.expired, []);
    const passed = policy([], '2026-06-29');
    assert.equal(passed.forCell(v2v, ['setupNs']).ignoredBy('setupNs'), undefined);
    assert.equal(passed.expired.length, 1);
  });
});
