import type { Prng } from '../../base/prng.js';
import type { TransportDriver } from '../contract.js';
import { ringSizesFor, type Setting } from './setting.js';
import { Trial, type TrialOptions } from './trial.js';

/** What came of one check in one setting. */
export interface CheckOutcome {
  /** What is wrong. */
  readonly problem?: string | undefined;
  /** What the transport does where the contract leaves it free. */
  readonly findings?: Readonly<Record<string, string>>;
}

/** One promise that every transport keeps. */
export interface ConformanceCheck {
  readonly name: string;
  /** The promise, in a sentence. */
  readonly promise: string;
  /** Why only the model can be held to it, and not a machine whose domains are threads; undefined: both are. */
  readonly modelOnly?: string;
  /** Why it does not apply to this transport. */
  skipReason?(driver: TransportDriver): string | undefined;
  run(driver: TransportDriver, setting: Setting): CheckOutcome;
}

/** Why checks of streams do not apply. */
export function noStream(driver: TransportDriver): string | undefined {
  return driver.capabilities.framing === 'datagram' ? 'has no stream framing' : undefined;
}

/** Runs a trial for each ring size. The first problem counts. */
export function forEachRing(
  driver: TransportDriver,
  setting: Setting,
  prepare: (trial: Trial) => void,
  options: Omit<TrialOptions, 'ringSizeBytes'> = {},
): CheckOutcome {
  for (const ringSizeBytes of ringSizesFor(driver)) {
    const trial = new Trial(driver, setting, { ...options, ringSizeBytes });
    prepare(trial);
    const problem = trial.run();
    if (problem !== undefined) return { problem };
  }
  return {};
}

/** Sizes from one byte to the largest: half of them of any size, half of them small ones of any magnitude. */
export function randomSizes(prng: Prng, count: number, largest: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const most = i % 2 === 0 ? largest : Math.max(1, largest >> prng.below(12));
    return 1 + prng.below(most);
  });
}
