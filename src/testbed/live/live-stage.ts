import { InvariantViolation } from '../../base/errors.js';
import { settingsFor, type TrialStage } from '../../transport/conformance/setting.js';
import { type ConformanceResult, checkOne, LIVE_CHECKS } from '../../transport/conformance.js';
import type { TransportDriver } from '../../transport/contract.js';
import { Gate } from '../../transport/gate.js';
import type { Installation, InstallationOptions } from '../../transport/installation.js';
import { InstallationPlatform } from './installation/installation-platform.js';
import { InstallationThread } from './installation/installation-thread.js';
import type { LockstepMember } from './installation/lockstep-member.js';
import { LiveStopped } from './live-platform.js';
import { liveFeatures } from './live-round.js';
import { stopThreads } from './shared-area.js';

/** Turns of a spin before a thread sleeps: some trials with, some without. */
const SPINS = [0, 3000];

/**
 * Conformance trials with each domain on a thread, over real shared memory. Each thread carries the same check out: it
 * sets the same installation up, and then does its own domain's part. A thread that comes later than others, or has no
 * domain in a trial, only hears what came of it.
 */
export class LiveStage implements TrialStage {
  private platform: InstallationPlatform | undefined;
  private thread: InstallationThread | undefined;
  private trials = 0;

  /** @param seed of the pauses that disturb the threads */
  constructor(
    private readonly member: LockstepMember,
    private readonly seed: number,
    private readonly nowPs: () => number,
  ) {}

  hardware(
    modelled: InstallationOptions['hardware'],
    domains: number,
  ): InstallationOptions['hardware'] {
    this.trials++;
    const { member, trials } = this;
    const { thread } = member.data;
    const area = member.begin(domains);
    this.thread = undefined;
    this.platform = undefined;
    if (area === undefined || thread >= domains) return modelled;
    const manner = { inject: 'computing', stressSeed: this.seed + 1000 * trials } as const;
    this.platform = new InstallationPlatform(area, thread, manner, this.nowPs, (victim) =>
      member.stop(victim),
    );
    const features = liveFeatures(modelled.features);
    return { ...modelled, features, platform: this.platform };
  }

  goLive(installation: Installation): void {
    const { platform, trials } = this;
    if (platform === undefined) return;
    installation.machine.run();
    this.thread = new InstallationThread(platform, installation);
    this.thread.spinTurns = SPINS[trials % SPINS.length] as number;
  }

  gate(): Gate {
    return this.platform?.gate() ?? new Gate();
  }

  isOwn({ domid }: { readonly domid: number }): boolean {
    return this.platform !== undefined && domid === this.member.data.thread;
  }

  carryOut(): void {
    const { thread, platform } = this;
    let copy: string | undefined;
    try {
      thread?.untilRest();
      copy = thread?.fingerprint();
    } catch (error) {
      // The others may wait for ever for what this one will not do.
      if (platform !== undefined) stopThreads(platform.area);
      throw error instanceof LiveStopped ? new LiveStopped(thread?.whoWaits()) : error;
    } finally {
      this.compare(copy);
    }
    platform?.forgetGates();
  }

  /** All copies of the machine must be the same. */
  private compare(copy: string | undefined): void {
    const copies = new Set(this.gather(copy).filter((one) => one !== undefined));
    if (copies.size > 1) {
      throw new InvariantViolation('the threads have made different machines', {
        copies: [...copies].join(' | '),
      });
    }
  }

  gather<T>(value: T): readonly (T | undefined)[] {
    return this.member.gather(value) as readonly (T | undefined)[];
  }
}

/**
 * Holds one transport to one of the checks that can be carried out live. Called on all threads with the same arguments.
 *
 * @param mostSettings in the first so many settings only
 */
export function checkLive(
  driver: TransportDriver,
  name: string,
  stage: LiveStage,
  mostSettings = Number.POSITIVE_INFINITY,
): ConformanceResult {
  const check = LIVE_CHECKS.find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no live check ${name}`);
  const settings = settingsFor(driver).filter(({ placement }) => placement === 'own');
  return checkOne(
    driver,
    check,
    settings.slice(0, mostSettings).map((setting) => ({ ...setting, stage })),
  );
}
