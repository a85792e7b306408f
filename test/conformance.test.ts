import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFORMANCE_CHECKS, checkConformance } from '../src/transport/conformance.js';
import { template } from '../transports/_template/index.js';
import { transports } from '../transports/index.js';

/**
 * Faults that are known and not yet mended: transport, check, and what it says. A fault that is gone must go from here,
 * too, or the test fails.
 */
const KNOWN_FAULTS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {};

describe('conformance', () => {
  for (const driver of [...transports, template]) {
    describe(driver.name, () => {
      for (const check of CONFORMANCE_CHECKS) {
        it(`${check.name}: ${check.promise}`, (context) => {
          const [result] = checkConformance(driver, [check]);
          assert(result !== undefined);
          const known = KNOWN_FAULTS[driver.name]?.[check.name];
          if (known !== undefined) {
            assert.equal(
              result.verdict,
              'failed',
              'a known fault is gone: take it out of the list',
            );
            assert.match(result.reason ?? '', known);
            context.todo('known fault');
            return;
          }
          if (result.verdict === 'skipped') context.skip(result.reason);
          else assert.equal(result.verdict, 'passed', result.reason);
        });
      }
    });
  }
});
