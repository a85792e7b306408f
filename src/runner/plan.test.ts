import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest, madeUpScenario } from '../../test/runner/made-up-catalogue.js';
import { UserError } from '../base/errors.js';
import { planCells } from './plan.js';
import type { RunRequest } from './request.js';

const plan = (rest: Partial<RunRequest> = {}) => planCells(madeUpRequest(rest), MADE_UP);

function fault(rest: Partial<RunRequest>): UserError {
  try {
    plan(rest);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('planning', () => {
  it('lets the compared transports follow one another at each point', () => {
    assert.deepEqual(
      plan().map(({ transport, parameters }) => `${transport} ${parameters.ringSizeBytes}`),
      ['alpha 4096', 'beta 4096', 'alpha 65536', 'beta 65536'],
    );
  });

  it('gives each cell the id that the testbed will give it', () => {
    assert.equal(
      plan()[0]?.id,
      'model/skylake-2017/alpha/flow/ringSizeBytes=4096,messageSizeBytes=1024,grantMode=persistent,guestType=pvh,kind=plain,loud=false,messages=1024,placement=own,seed=1,width=64',
    );
  });

  it('can cross to another thread and into a file', () => {
    const cells = plan({ uncertainty: 2 });
    assert.deepEqual(structuredClone(cells), cells);
    assert.deepEqual(JSON.parse(JSON.stringify(cells)), cells);
  });

  it('replaces the lists of the suite by those of the user', () => {
    const cells = plan({ ringSizeBytes: [2048], messageSizeBytes: [16, 32], messages: 7 });
    assert.deepEqual(
      cells.map(({ parameters }) => [
        parameters.ringSizeBytes,
        parameters.messageSizeBytes,
        parameters.messages,
      ]),
      [
        [2048, 16, 7],
        [2048, 16, 7],
        [2048, 32, 7],
        [2048, 32, 7],
      ],
    );
  });

  it('sweeps settings of the suite, and leaves a cell out that two sweeps name', () => {
    const scenario = madeUpScenario('twice', {
      sweeps: {
        quick: [{ ringSizeBytes: [4096] }, { ringSizeBytes: [4096, 8192] }],
        full: [],
      },
    });
    const catalogue = { ...MADE_UP, scenarios: [scenario] };
    const request = madeUpRequest({ scenarios: ['twice'], transports: ['alpha'] });
    assert.equal(planCells(request, catalogue).length, 2);
    const widths = plan({ suite: 'full', transports: ['alpha'] });
    assert.deepEqual(
      widths.map(({ parameters }) => parameters.settings['width']),
      [8, 64],
    );
  });

  it('makes cells that differ in seed, and in draw', () => {
    const cells = plan({
      seed: 5,
      seeds: 2,
      uncertainty: 2,
      transports: ['alpha'],
      ringSizeBytes: [4096],
    });
    assert.deepEqual(
      cells.map(({ parameters, draw }) => [parameters.seed, draw]),
      [
        [5, 1],
        [5, 2],
        [6, 1],
        [6, 2],
      ],
    );
    assert.equal(new Set(cells.map(({ id }) => id)).size, 4);
  });

  it('sets the two sides apart', () => {
    const [cell] = plan({ guestType: ['pv:pvh'] });
    assert.deepEqual(cell?.parameters.guestTypes, ['pv', 'pvh']);
  });

  it('runs all scenarios of the suite where none is named', () => {
    const scenarios = [
      madeUpScenario('one'),
      madeUpScenario('two', { sweeps: { quick: [], full: [{}] } }),
    ];
    const names = (suite: string) =>
      new Set(
        planCells(madeUpRequest({ scenarios: [], suite }), { ...MADE_UP, scenarios }).map(
          ({ scenario }) => scenario,
        ),
      );
    assert.deepEqual([...names('quick')], ['one']);
    assert.deepEqual([...names('full')], ['one', 'two']);
  });

  it('plans cells that a transport refuses, as long as another can have some', () => {
    const cells = plan({ ringSizeBytes: [65536] });
    assert.deepEqual(
      cells.map(({ transport }) => transport),
      ['alpha', 'beta'],
    );
  });

  it('refuses sizes that no selected transport can have', () => {
    const { message } = fault({ ringSizeBytes: [1 << 20] });
    assert.equal(
      message,
      'no selected transport can have this: alpha: alpha has rings up to 65536; beta: beta has rings up to 8192',
    );
  });

  it('refuses a grant mode that no selected transport has', () => {
    assert.match(fault({ grantMode: ['copy'] }).message, /alpha has no grant mode "copy"/);
  });

  for (const [name, rest, message, remedy] of [
    ['transport', { transports: ['alhpa'] }, '"alhpa" is not a transport', /"alpha"/],
    ['scenario', { scenarios: ['flwo'] }, '"flwo" is not a scenario', /"flow"/],
    ['profile', { profiles: ['skylake'] }, '"skylake" is not a profile', /"skylake-2017"/],
    ['suite', { suite: 'fulll' }, '"fulll" is not a suite', /"full"/],
  ] as const) {
    it(`names the ${name} that was meant`, () => {
      const error = fault(rest);
      assert.equal(error.message, message);
      assert.match(error.remedy ?? '', remedy);
    });
  }

  it('refuses more cells than anybody waits for', () => {
    assert.match(fault({ seeds: 10_000, uncertainty: 100 }).message, /more than 200000 cells/);
  });
});

describe('settings', () => {
  it('go to the scenario that knows them, each value a cell', () => {
    const cells = plan({
      set: { width: ['8', '16'] },
      transports: ['alpha'],
      ringSizeBytes: [4096],
    });
    assert.deepEqual(
      cells.map(({ parameters }) => parameters.settings['width']),
      [8, 16],
    );
  });

  it('take sizes and ranges where a number is wanted, and true and false', () => {
    const cells = plan({
      set: { width: ['8..32'], loud: ['true'] },
      transports: ['alpha'],
      ringSizeBytes: [4096],
    });
    assert.deepEqual(
      cells.map(({ parameters }) => [parameters.settings['width'], parameters.settings['loud']]),
      [
        [8, true],
        [16, true],
        [32, true],
      ],
    );
  });

  it('go to the transports that have them where no scenario knows them', () => {
    const cells = plan({ set: { tint: ['red', 'blue'] }, ringSizeBytes: [4096] });
    assert.deepEqual(
      cells.map(({ transport, transportOptions }) => [transport, transportOptions]),
      [
        ['alpha', { tint: 'red' }],
        ['alpha', { tint: 'blue' }],
        ['beta', {}],
      ],
    );
  });

  for (const [text, set, message, remedy] of [
    [
      'a key that nobody knows',
      { widht: ['8'] },
      /"widht" is not a setting/,
      /did you mean "width"/,
    ],
    [
      'a number out of range',
      { width: ['1024'] },
      /width of flow cannot be 1024/,
      /whole number from 8 to 512/,
    ],
    ['a word that is no number', { width: ['wide'] }, /"wide" is not a number/, /give a number/],
    [
      'a word that is no choice',
      { kind: ['fanci'] },
      /"fanci" is not a value of flow's kind/,
      /"fancy"/,
    ],
    [
      'neither true nor false',
      { loud: ['maybe'] },
      /loud of flow cannot be maybe/,
      /true or false/,
    ],
    [
      'a value that the transport cannot use',
      { tint: ['rod'] },
      /"rod" is not a value of alpha's tint/,
      /"red"/,
    ],
  ] as const) {
    it(`refuses ${text}, says where and what to do`, () => {
      const error = fault({ set });
      assert.match(error.message, message);
      assert.match(error.where ?? '', /^--set /);
      assert.match(error.remedy ?? '', remedy);
    });
  }
});
