import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hostilePeer } from '../../scenarios/failure/hostile-peer.js';
import type { Phase } from '../../src/scenario/faults/siege.js';
import { metric, runCell, transportNamed } from './cell.js';

const STATES_A_CELL = 2000;
/** States of one test: a part that can be run by itself. */
const STATES_A_TEST = 100_000;
const RINGS = [1024, 4096, 16_384];
const TYPES = [
  ['pvh', 'pvh'],
  ['pv', 'pv'],
  ['pvh', 'pv'],
] as const;

/**
 * Besieges a transport with so many hostile states: both sides, all kinds of guests, several rings.
 *
 * @param phase on a connection that works, while one is made, or while the victim closes one
 */
export function besiege(name: string, states: number, phase: Phase): void {
  for (let from = 0; from < states; from += STATES_A_TEST) {
    const to = Math.min(states, from + STATES_A_TEST);
    it(`${name}: hostile states ${from + 1} to ${to}, ${phase}`, () => {
      let tried = 0;
      for (let round = from / STATES_A_CELL; tried < to - from; round++) {
        tried += besiegeOnce(name, phase, round);
      }
      assert.ok(tried >= to - from);
    });
  }
}

/** One cell. @returns how many states it tried */
function besiegeOnce(name: string, phase: Phase, round: number): number {
  const cell = runCell(
    hostilePeer,
    transportNamed(name),
    { attacker: round % 2 === 0 ? 'client' : 'server', phase },
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
  assert.equal(metric(cell, 'statesEscaped'), 0, where);
  assert.equal(metric(cell, 'statesVictimStopped'), 0, where);
  assert.equal(cell.outcome?.['bystander'], 'goes on', where);
  const brokenOff = cell.outcome?.['brokenOff'];
  assert.equal(brokenOff, undefined, `${where}: ${brokenOff}`);
  return metric(cell, 'hostileStates') ?? 0;
}
