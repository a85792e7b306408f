import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compared } from './cell.js';
import { crashEverywhere } from './crash-points.js';

describe('a crash at any step of a connection leaves nothing behind', () => {
  for (const transport of compared) {
    it(`${transport.name}: at every 29th step, either side`, () => {
      assert.ok(crashEverywhere(transport, 29) >= 4);
    });
  }
});
