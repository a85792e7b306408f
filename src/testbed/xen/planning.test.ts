import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scenarios } from '../../../scenarios/index.js';
import { transports } from '../../../transports/index.js';
import { UserError } from '../../base/errors.js';
import { PROFILES } from '../../profiles/index.js';
import { planCells } from '../../runner/plan.js';
import { refusalOf } from '../../runner/refusal.js';
import type { RunRequest } from '../../runner/request.js';
import { EMULATED_RULES, HOST_RULES, requestOf } from './planning.js';

const CATALOGUE = { transports, scenarios, profiles: PROFILES, rules: EMULATED_RULES };

const request = (of: Partial<RunRequest> = {}): RunRequest => ({
  testbed: 'xen',
  transports: ['v4v', 'libvchan', 'v2v'],
  profiles: ['qemu-svm'],
  scenarios: [],
  suite: 'quick',
  seed: 1,
  seeds: 1,
  uncertainty: 0,
  set: {},
  ...of,
});

/** Cells that are not skipped, as "libvchan stream pv persistent". */
function possible(of: Partial<RunRequest>): string[] {
  return planCells(request(of), CATALOGUE)
    .filter((cell) => refusalOf(cell, CATALOGUE) === undefined)
    .map(({ transport, scenario, parameters }) =>
      [transport, scenario, parameters.guestTypes[0], parameters.grantMode].join(' '),
    );
}

describe('planning for real Xen', () => {
  it('has each kind of work in its quick suite, with guests of both types', () => {
    const cells = possible({});
    for (const type of ['pvh', 'pv']) {
      for (const work of [
        `libvchan ping-pong ${type} persistent`,
        `libvchan stream ${type} persistent`,
        `v2v grant-mode ${type} persistent`,
        `v2v grant-mode ${type} per-transfer`,
        `v2v grant-mode ${type} copy`,
      ]) {
        assert.ok(cells.includes(work), work);
      }
    }
    assert.ok(cells.every((cell) => !cell.includes('buffer-size')));
  });

  it('measures what steady counts need, on one CPU, unless the user says otherwise', () => {
    const [cell] = planCells(
      request({ transports: ['libvchan'], scenarios: ['ping-pong'] }),
      CATALOGUE,
    );
    assert.equal(cell?.parameters.messages, 300);
    assert.equal(cell?.parameters.placement, 'shared');
    const [own] = planCells(
      request({ scenarios: ['ping-pong'], messages: 40, placement: ['own'] }),
      CATALOGUE,
    );
    assert.equal(own?.parameters.messages, 40);
    assert.equal(own?.parameters.placement, 'own');
    const host = { ...CATALOGUE, rules: HOST_RULES };
    const [onHost] = planCells(request({ profiles: ['host'] }), host);
    assert.equal(onHost?.parameters.placement, 'own');
    assert.equal(onHost?.profile, 'host');
  });

  it("has a file carried by this project's proxy, and by Xen's own where that can", () => {
    const of = { scenarios: ['http-transfer'], messageSizeBytes: [262_144] };
    const set = { relay: ['interdom', 'vchan-socket-proxy'] };
    const carried = possible({ ...of, set }).map((cell) => cell.split(' ')[0]);
    assert.deepEqual(carried, ['v4v', 'libvchan', 'v2v']);
    const small = possible({ ...of, set, ringSizeBytes: [1024] }).map((cell) => cell.split(' ')[0]);
    assert.deepEqual(small.sort(), ['libvchan', 'libvchan', 'v2v', 'v4v']);
  });

  it('makes of each seed another place relative to the timer', () => {
    const cells = planCells(
      request({ transports: ['libvchan'], scenarios: ['ping-pong'], guestType: ['pv'], seeds: 3 }),
      CATALOGUE,
    );
    const later = cells.map((cell) => {
      const asked = requestOf(cell);
      return typeof asked === 'string' ? asked : (asked.startsLaterUs ?? 0);
    });
    assert.deepEqual(later, [0, 739, 1478]);
  });

  for (const [what, of, reason] of [
    ['other scenarios', { scenarios: ['setup'] }, /use the testbed model/],
    ['transports that test the harness', { transports: ['null'] }, /there to test the harness/],
    ['draws of prices', { uncertainty: 2 }, /real Xen has none/],
    [
      'settings of the model',
      { scenarios: ['stream'], set: { transferBytes: ['1m'] } },
      /does not know the setting transferBytes/,
    ],
    ['half a round trip', { scenarios: ['ping-pong'], messages: 3 }, /3 is odd/],
    ['profiles of hardware', { profiles: ['skylake-2017'] }, /skylake-2017/],
  ] as const) {
    it(`refuses ${what}, with the reason`, () => {
      assert.throws(
        () => planCells(request(of as Partial<RunRequest>), CATALOGUE),
        (error: unknown) => error instanceof UserError && reason.test(error.message),
      );
    });
  }
});
