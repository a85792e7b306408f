import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hostilePeer } from '../../scenarios/failure/hostile-peer.js';
import { metric, runCell, transportNamed } from './cell.js';

const STATES_A_CELL = 5000;
const RINGS = [1024, 4096, 16_384];
const TYPES = [
  ['pvh', 'pvh'],
  ['pv', 'pv'],
  ['pvh', 'pv'],
] as const;

/** Besieges a transport with so many hostile states: both sides, all kinds of guests, several rings. */
export function besiege(name: string, states: number): void {
  const transport = transportNamed(name);
  it(`${name}: ${states} hostile states`, () => {
    let tried = 0;
    for (let round = 0; tried < states; round++) {
      const cell = runCell(
        hostilePeer,
        transport,
        { attacker: round % 2 === 0 ? 'client' : 'server' },
        {
          messages: STATES_A_CELL,
          seed: 1000 + round,
          ringSizeBytes: RINGS[round % RINGS.length] as number,
          guestTypes: TYPES[Math.floor(round / 2) % TYPES.length] as (typeof TYPES)[number],
          placement: round % 5 === 4 ? 'shared' : 'own',
        },
      );
      const where = `round ${round}`;
      assert.equal(cell.verdict, 'valid', `${where}: ${cell.reason}`);
      assert.equal(cell.outcome?.['brokenOff'], undefined, where);
      assert.equal(metric(cell, 'statesEscaped'), 0, where);
      assert.equal(metric(cell, 'statesVictimStopped'), 0, where);
      assert.equal(cell.outcome?.['bystander'], 'goes on', where);
      tried += metric(cell, 'hostileStates') ?? 0;
    }
    assert.ok(tried >= states);
  });
}
