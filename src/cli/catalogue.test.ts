import { describe, it } from 'node:test';
import { checkSetting } from '../base/setting.js';
import { CATALOGUE } from './catalogue.js';

describe('the catalogue', () => {
  for (const { name, settings } of [...CATALOGUE.scenarios, ...CATALOGUE.transports]) {
    it(`has settings of ${name} whose defaults are values that they can have`, () => {
      for (const [key, setting] of Object.entries(settings)) {
        checkSetting(name, key, setting, setting.default);
      }
    });
  }
});
