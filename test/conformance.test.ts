import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFORMANCE_CHECKS, checkConformance } from '../src/transport/conformance.js';
import { template } from '../transports/_template/index.js';
import { transports } from '../transports/index.js';

describe('conformance', () => {
  for (const driver of [...transports, template]) {
    describe(driver.name, () => {
      for (const check of CONFORMANCE_CHECKS) {
        it(`${check.name}: ${check.promise}`, (context) => {
          const [result] = checkConformance(driver, [check]);
          assert(result !== undefined);
          if (result.verdict === 'skipped') context.skip(result.reason);
          else assert.equal(result.verdict, 'passed', result.reason);
        });
      }
    });
  }
});
