import { settingsFor, type TrialStage } from '../../transport/conformance/setting.js';
import { type ConformanceResult, checkOne, LIVE_CHECKS } from '../../transport/conformance.js';
import type { TransportDriver } from '../../transport/contract.js';
import type { Installation, InstallationOptions } from '../../transport/installation.js';
import type { Task } from '../../xen/task.js';
import { meet } from './barrier.js';
import { DomainThread } from './domain-thread.js';
import type { LiveGate } from './live-gate.js';
import { LivePlatform } from './live-platform.js';
import { liveFeatures } from './live-round.js';
import type { SharedArea } from './shared-area.js';

/** Turns of a spin before a thread sleeps: some trials with, some without. */
const SPINS = [0, 3000];

/**
 * Conformance trials with the two ends on two threads, over real shared memory. Each thread carries the same check out:
 * it sets the same trial up, and then does its own end's part.
 */
export class LiveStage implements TrialStage {
  private platform: LivePlatform;
  private trials = 0;

  /** @param seed of the pauses that disturb the threads */
  constructor(
    private readonly area: SharedArea,
    private readonly thread: number,
    private readonly seed: number,
    private readonly nowPs: () => number,
  ) {
    this.platform = this.fresh();
  }

  private fresh(): LivePlatform {
    const manner = { inject: 'computing', stressSeed: this.seed + 1000 * this.trials } as const;
    return new LivePlatform(this.area, this.thread, manner, this.nowPs);
  }

  hardware(modelled: InstallationOptions['hardware']): InstallationOptions['hardware'] {
    this.trials++;
    this.platform = this.fresh();
    return { ...modelled, features: liveFeatures(modelled.features), platform: this.platform };
  }

  gate(): LiveGate {
    return this.platform.gate();
  }

  isOwn({ domid }: { readonly domid: number }): boolean {
    return domid === this.thread + 1;
  }

  carryOut(installation: Installation, tasks: readonly Task[]): void {
    // What the trial before has left: the other threads do not look there before this one is at the meeting point.
    if (this.thread === 0) Buffer.from(this.area.frames.buffer).fill(0);
    const thread = new DomainThread(this.platform, installation);
    thread.spinTurns = SPINS[this.trials % SPINS.length] as number;
    const own = tasks.filter(({ vcpu }) => vcpu === thread.guest.vcpu);
    for (const task of own) task.wake();
    thread.finish(own);
    meet(this.area, this.platform.control);
  }
}

/** Holds one transport to one of the checks that can be carried out live. Called on both threads with the same arguments. */
export function checkLive(
  driver: TransportDriver,
  name: string,
  stage: LiveStage,
): ConformanceResult {
  const check = LIVE_CHECKS.find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no live check ${name}`);
  const settings = settingsFor(driver).filter(({ placement }) => placement === 'own');
  return checkOne(
    driver,
    check,
    settings.map((setting) => ({ ...setting, stage })),
  );
}
