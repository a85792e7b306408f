import { parentPort, workerData } from 'node:worker_threads';
import { LiveMemory } from '../../src/testbed/live/live-memory.js';
import { LivePlatform } from '../../src/testbed/live/live-platform.js';
import { checkLive, LiveStage } from '../../src/testbed/live/live-stage.js';
import { sharedClock } from '../../src/testbed/live/serve-rounds.js';
import type { SharedArea } from '../../src/testbed/live/shared-area.js';
import { template } from '../../transports/_template/index.js';
import { transports } from '../../transports/index.js';

/** One of the two threads of a live conformance check. */

export interface CheckWorkerData {
  readonly area: SharedArea;
  readonly thread: number;
  readonly clockBaseNs: string;
  readonly transport: string;
  readonly check: string;
  readonly seed: number;
  readonly sabotage: Sabotage;
}

/**
 * What is broken on purpose, to see that the checks find it: the last byte of a copy arrives only with the next copy, after
 * the index that says that it is there; or a domain is never woken.
 */
export type Sabotage = 'none' | 'late-byte' | 'no-wake';

const { area, thread, clockBaseNs, transport, check, seed, sabotage } =
  workerData as CheckWorkerData;
const driver = [...transports, template].find(({ name }) => name === transport);
if (driver === undefined) throw new Error(`there is no transport ${transport}`);
if (sabotage === 'no-wake') LivePlatform.prototype.wake = () => {};
if (sabotage === 'late-byte') delayLastBytes();
const stage = new LiveStage(area, thread, seed, sharedClock(BigInt(clockBaseNs)));
parentPort?.postMessage(checkLive(driver, check, stage));

function delayLastBytes(): void {
  const { move } = LiveMemory.prototype;
  let late: (() => void) | undefined;
  LiveMemory.prototype.move = function (to, from, length) {
    late?.();
    late = undefined;
    if (length < 32) {
      move.call(this, to, from, length);
      return;
    }
    move.call(this, to, from, length - 1);
    const last = this.bytes[from + length - 1] as number;
    late = () => {
      this.bytes[to + length - 1] = last;
    };
  };
}
