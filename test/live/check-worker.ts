import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { InstallationPlatform } from '../../src/testbed/live/installation/installation-platform.js';
import { LockstepMember } from '../../src/testbed/live/installation/lockstep-member.js';
import type { MemberData } from '../../src/testbed/live/installation/lockstep-protocol.js';
import { LiveMemory } from '../../src/testbed/live/live-memory.js';
import { LiveRingWriter } from '../../src/testbed/live/live-shared-ring.js';
import { checkLive, LiveStage } from '../../src/testbed/live/live-stage.js';
import { sharedClock } from '../../src/testbed/live/serve-rounds.js';
import type { GuestMemory } from '../../src/xen/guest-memory.js';
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
 * the index that says that it is there, of all copies or of those that look for room and copy at once; a domain is never woken;
 * or one thread does not hear that others close their ports.
 */
export type Sabotage = 'none' | 'late-byte' | 'late-put' | 'no-wake' | 'unheard-close';

const data = workerData as MemberData;
const { clockBaseNs, transport, check, seed, sabotage, mostSettings } = data.task as CheckTask;
const driver = [...transports, template].find(({ name }) => name === transport);
if (driver === undefined) throw new Error(`there is no transport ${transport}`);
if (sabotage === 'no-wake') InstallationPlatform.prototype.wake = () => {};
if (sabotage === 'late-byte') delayLastBytes();
if (sabotage === 'late-put') delayLastBytesOfPuts();
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

function delayLastBytesOfPuts(): void {
  const { put } = LiveRingWriter.prototype;
  let late: (() => void) | undefined;
  LiveRingWriter.prototype.put = function (source, length) {
    late?.();
    late = undefined;
    const outcome = put.call(this, source, length);
    if (outcome > 0 && length >= 32) {
      const { fields, prod, address, bytes } = this.place;
      const at = address + ((fields.readOwn32(prod) + length - 1) & (bytes - 1));
      const memory = Reflect.get(this, 'memory') as GuestMemory;
      const last = memory.peek(at, 1);
      memory.poke(at, Uint8Array.of(~(last[0] as number)));
      late = () => memory.poke(at, last);
    }
    return outcome;
  };
}
