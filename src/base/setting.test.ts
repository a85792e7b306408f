import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from './errors.js';
import { type Settings, type SettingValue, settingValues } from './setting.js';

const SETTINGS = {
  width: { default: 64, meaning: 'bits', range: [8, 512] },
  share: { default: 0.5, meaning: 'part of the time', range: [0, 1], fractional: true },
  kind: { default: 'plain', meaning: 'which', choices: ['plain', 'fancy'] },
  loud: { default: false, meaning: 'noise' },
} as const satisfies Settings;

function refusal(given: Readonly<Record<string, SettingValue>>): UserError {
  try {
    settingValues('thing', SETTINGS, given);
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error;
  }
  throw new Error('it was taken');
}

describe('settings', () => {
  it('have their defaults, and what was given', () => {
    assert.deepEqual(settingValues('thing', SETTINGS, { width: 8, share: 0.25 }), {
      width: 8,
      share: 0.25,
      kind: 'plain',
      loud: false,
    });
  });

  for (const [name, value, message, remedy] of [
    ['widht', 8, /"widht" is not a setting of thing/, /did you mean "width"/],
    ['toString', 8, /"toString" is not a setting of thing/, /there are: width/],
    ['width', 7, /width of thing cannot be 7/, /a whole number from 8 to 512/],
    ['width', 8.5, /width of thing cannot be 8.5/, /a whole number from 8 to 512/],
    ['width', '8', /width of thing cannot be 8/, /a whole number/],
    ['share', Number.NaN, /share of thing cannot be NaN/, /a number from 0 to 1/],
    ['kind', 'fanci', /"fanci" is not a value of thing's kind/, /did you mean "fancy"/],
    ['loud', 'yes', /loud of thing cannot be yes/, /true or false/],
  ] as const) {
    it(`refuse ${name}=${value}, and say what is possible`, () => {
      const error = refusal({ [name]: value });
      assert.match(error.message, message);
      assert.equal(error.where, `--set ${name}`);
      assert.match(error.remedy ?? '', remedy);
    });
  }
});
