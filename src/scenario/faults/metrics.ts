import type { MetricDeclaration } from '../contract.js';
import type { World } from '../world.js';
import type { Stage } from './stage.js';

/** Metrics that several scenarios with faults have. */
export const TOLD_NS: MetricDeclaration = {
  name: 'toldNs',
  unit: 'ns',
  better: 'lower',
  meaning: 'from the crash until a waiting survivor learns of it; absent where it never does',
};
export const ZOMBIE_NS: MetricDeclaration = {
  name: 'zombieNs',
  unit: 'ns',
  better: 'lower',
  meaning: 'longest time that a destroyed domain stays, as far as it was watched',
};
export const FRAMES_STUCK: MetricDeclaration = {
  name: 'framesStuck',
  unit: '1',
  better: 'lower',
  meaning: 'frames of destroyed domains that could not be taken back at once',
};
export const RECOVERY_NS: MetricDeclaration = {
  name: 'recoveryNs',
  unit: 'ns',
  better: 'lower',
  meaning: 'from the fault (or its repair, as the scenario says) until data flows again',
};

/** Writes `zombieNs` and `framesStuck` of a world. */
export function noteZombies(world: World, stage: Stage): void {
  world.values.set('zombieNs', stage.zombies.zombiePs(stage.now) / 1000);
  world.values.set('framesStuck', stage.zombies.framesStuck);
}
