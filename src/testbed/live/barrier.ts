import { LiveStopped } from './live-platform.js';
import { ARRIVED, GENERATION, type SharedArea, STOP } from './shared-area.js';

/** A thread looks so often whether the others have come before it sleeps. */
const SPIN_TURNS = 20_000;

/** Waits until all threads have come here. Throws LiveStopped where they are told to give up. */
export function meet(area: SharedArea, control: Int32Array): void {
  const generation = Atomics.load(control, GENERATION);
  if (Atomics.add(control, ARRIVED, 1) + 1 === area.threads) {
    Atomics.store(control, ARRIVED, 0);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
  } else {
    for (let turn = 0; Atomics.load(control, GENERATION) === generation; turn++) {
      if (turn > SPIN_TURNS) Atomics.wait(control, GENERATION, generation);
    }
  }
  if (Atomics.load(control, STOP) !== 0) throw new LiveStopped('told to stop');
}
