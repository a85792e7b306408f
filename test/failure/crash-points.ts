import assert from 'node:assert/strict';
import { crashPoint } from '../../scenarios/failure/crash-point.js';
import type { CellParameters } from '../../src/scenario/contract.js';
import type { TransportDriver } from '../../src/transport/contract.js';
import { metric, runCell } from './cell.js';

/**
 * Lets each side in turn, and each service of dom0 that the transport uses, die at every `stride`-th step of a whole
 * connection: set-up, transfer, teardown. Throws where a death leaves anything behind, harms a survivor, lets a wrong byte
 * arrive, or where the work is not done with the broker back.
 *
 * @returns how many crash points there were
 */
export function crashEverywhere(
  transport: TransportDriver,
  stride: number,
  changed: Partial<Omit<CellParameters, 'settings'>> = {},
): number {
  const whole = runCell(crashPoint, transport, { dies: 'none' }, changed);
  assert.equal(whole.verdict, 'valid', whole.reason);
  const steps = metric(whole, 'steps') ?? 0;
  assert.ok(steps > 50, `a whole connection takes ${steps} steps`);
  let points = 0;
  const services = [
    ...(transport.broker === undefined ? [] : ['broker']),
    ...(transport.capabilities.usesXenstore ? ['xenstored'] : []),
  ];
  for (const dies of ['client', 'server', ...services]) {
    for (let step = 1; step <= steps; step += stride) {
      const cell = runCell(crashPoint, transport, { dies, step }, changed);
      assert.equal(cell.verdict, 'valid', `${dies} dies at step ${step}: ${cell.reason}`);
      if (cell.outcome?.['died'] === true) points++;
    }
  }
  return points;
}
