import type { CheckOutcome, ConformanceCheck } from './conformance/check.js';
import {
  connectionAfterConnection,
  eitherSideFirst,
  idleConnection,
  manyConnections,
  manyConversations,
  noLeak,
  noLeakServerFirst,
  sideBySide,
} from './conformance/connection-checks.js';
import {
  boundaries,
  noLostWakeUp,
  orderAndIntegrity,
  slowReceiver,
  slowSender,
  tooLarge,
  wrap,
} from './conformance/delivery-checks.js';
import {
  crashInTraffic,
  lastWords,
  peerCloses,
  peerCrashes,
} from './conformance/departure-checks.js';
import { closedBeforeAnyClient, failedConnection } from './conformance/limit-checks.js';
import { attribution, comesToRest, determinism } from './conformance/machine-checks.js';
import { ringSizesFor, type Setting, settingName, settingsFor } from './conformance/setting.js';
import {
  bidirectional,
  partialWrites,
  ringSize,
  streamCapacity,
  streamIntegrity,
} from './conformance/stream-checks.js';
import type { TransportDriver } from './contract.js';

export type { ConformanceCheck } from './conformance/check.js';

/** What one connection that stands promises both its ends, in one direction and in both. */
const TRAFFIC_CHECKS: readonly ConformanceCheck[] = [
  orderAndIntegrity,
  boundaries,
  tooLarge,
  ringSize,
  slowReceiver,
  slowSender,
  wrap,
  noLostWakeUp,
  streamIntegrity,
  partialWrites,
  streamCapacity,
  bidirectional,
];

/** All that a transport promises, in the order in which it is looked at. */
export const CONFORMANCE_CHECKS: readonly ConformanceCheck[] = [
  ...TRAFFIC_CHECKS,
  eitherSideFirst,
  sideBySide,
  idleConnection,
  manyConnections,
  manyConversations,
  noLeak,
  noLeakServerFirst,
  connectionAfterConnection,
  closedBeforeAnyClient,
  failedConnection,
  peerCloses,
  lastWords,
  peerCrashes,
  crashInTraffic,
  comesToRest,
  determinism,
  attribution,
];

/** Those that hold where each domain is a thread (testbed live): all that do not say why not. */
export const LIVE_CHECKS: readonly ConformanceCheck[] = CONFORMANCE_CHECKS.filter(
  ({ modelOnly }) => modelOnly === undefined,
);

/** What came of one check for one transport. */
export interface ConformanceResult {
  readonly transport: string;
  readonly check: string;
  readonly promise: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
  /** What the transport does where the contract leaves it free, by what was looked at. */
  readonly findings?: Readonly<Record<string, string>>;
}

/** Holds one transport to all checks, each in every setting. Deterministic; reads no clock and writes nothing. */
export function checkConformance(
  driver: TransportDriver,
  checks: readonly ConformanceCheck[] = CONFORMANCE_CHECKS,
): ConformanceResult[] {
  return checks.map((check) => checkOne(driver, check, settingsFor(driver)));
}

/** Holds one transport to one check, in some settings. */
export function checkOne(
  driver: TransportDriver,
  check: ConformanceCheck,
  settings: readonly Setting[],
): ConformanceResult {
  const about = { transport: driver.name, check: check.name, promise: check.promise };
  const reason = check.skipReason?.(driver);
  if (reason !== undefined) return { ...about, verdict: 'skipped', reason };
  if (ringSizesFor(driver).length === 0) {
    return { ...about, verdict: 'failed', reason: 'refuses every ring size of the suite' };
  }
  const findings: Record<string, string> = {};
  for (const setting of settings) {
    let outcome: CheckOutcome;
    try {
      outcome = check.run(driver, setting);
    } catch (error) {
      // A driver under test may throw anything: that is its failure, not the suite's.
      const fault = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      outcome = { problem: `${fault} [${settingName(setting)}]` };
    }
    if (outcome.problem !== undefined) {
      return { ...about, verdict: 'failed', reason: outcome.problem };
    }
    for (const [what, finding] of Object.entries(outcome.findings ?? {})) {
      findings[what] = merged(findings[what], finding);
    }
  }
  return {
    ...about,
    verdict: 'passed',
    ...(Object.keys(findings).length > 0 ? { findings } : {}),
  };
}

/** Findings of several settings: those that differ, side by side. */
function merged(before: string | undefined, now: string): string {
  if (before === undefined) return now;
  return before.split(' / ').includes(now) ? before : `${before} / ${now}`;
}
