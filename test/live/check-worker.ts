import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { InstallationPlatform } from '../../src/testbed/live/installation/installation-platform.js';
import { LockstepMember } from '../../src/testbed/live/installation/lockstep-member.js';
import type { MemberData } from '../../src/testbed/live/installation/lockstep-protocol.js';
import { LiveMemory } from '../../src/testbed/live/live-memory.js';
import { checkLive, LiveStage } from '../../src/testbed/live/live-stage.js';
import { sharedClock } from '../../src/testbed/live/serve-rounds.js';
import { Machine } from '../../src/xen/machine.js';
import { template } from '../../transports/_template/index.js';
import { transports } from '../../transports/index.js';

/** One of the threads of a live conformance check. */

export interface CheckTask {
  readonly clockBaseNs: string;
  readonly transport: string;
  readonly check: string;
  readonly seed: number;
  readonly sabotage: Sabotage;
  readonly mostSettings: number;
}

/**
 * What is broken on purpose, to see that the checks find it: the last byte of a copy arrives only with the next copy, after
 * the index that says that it is there; a domain is never woken; or one thread does not hear that others close their ports.
 */
export type Sabotage = 'none' | 'late-byte' | 'no-wake' | 'unheard-close';

const data = workerData as MemberData;
const { clockBaseNs, transport, check, seed, sabotage, mostSettings } = data.task as CheckTask;
const driver = [...transports, template].find(({ name }) => name === transport);
if (driver === undefined) throw new Error(`there is no transport ${transport}`);
if (sabotage === 'no-wake') InstallationPlatform.prototype.wake = () => {};
if (sabotage === 'late-byte') delayLastBytes();
if (sabotage === 'unheard-close' && data.thread === 0) missCloses();
const member = new LockstepMember(parentPort as MessagePort, data);
const stage = new LiveStage(member, seed, sharedClock(BigInt(clockBaseNs)));
member.end(checkLive(driver, check, stage, mostSettings));

function missCloses(): void {
  const { repeat } = Machine.prototype;
  Machine.prototype.repeat = function (change) {
    if (change.kind !== 'port' || change.call.call !== 'close') repeat.call(this, change);
  };
}

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
