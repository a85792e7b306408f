import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compared } from './cell.js';
import { crashEverywhere } from './crash-points.js';

describe('a crash at every single step of a connection leaves nothing behind', () => {
  for (const transport of compared) {
    for (const type of ['pvh', 'pv'] as const) {
      for (const placement of ['own', 'shared'] as const) {
        it(`${transport.name}, ${type}, ${placement}`, () => {
          const guestTypes = [type, type] as const;
          assert.ok(crashEverywhere(transport, 1, { guestTypes, placement }) > 100);
        });
      }
    }
    for (const grantMode of transport.capabilities.grantModes.slice(1)) {
      it(`${transport.name}, ${grantMode}`, () => {
        assert.ok(crashEverywhere(transport, 1, { grantMode }) > 100);
      });
    }
  }
});
