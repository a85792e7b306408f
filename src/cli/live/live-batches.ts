import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { Profile } from '../../profiles/profile.js';
import type { BatchTestbed, PlanningRules } from '../../testbed/contract.js';
import { cpusForThreads } from '../../testbed/live/cpu-affinity.js';
import { LiveBatches } from '../../testbed/live/live-batches.js';
import type { SoftwarePath } from '../../testbed/live/live-protocol.js';
import { BARE_RULES, INJECTING_RULES } from '../../testbed/live/planning.js';
import { USUAL_EFFORT } from '../../testbed/live/sampling.js';
import { softwarePath } from '../../testbed/live/software-path.js';
import { CATALOGUE } from '../catalogue.js';
import type { Place, TestbedSettings } from '../testbeds.js';

/** A round that takes longer hangs: the longest honest ones take some seconds. */
const PATIENCE_MS = 30_000;

/** The script of a domain's thread. */
const SCRIPT = new URL('./live-worker.js', import.meta.url);

/** The rules by which cells are planned for this machine. */
export function liveRules(settings: TestbedSettings): PlanningRules {
  return settings['inject'] === 'none' ? BARE_RULES : INJECTING_RULES;
}

/** The testbed live, as the settings of a run say. */
export function openLive(
  settings: TestbedSettings,
  { profiles }: Place,
  effort = USUAL_EFFORT,
): BatchTestbed {
  const isBare = settings['inject'] === 'none';
  const usual = CATALOGUE.profiles.filter(({ name }) => name === DEFAULT_PROFILE_NAME);
  return new LiveBatches({
    script: SCRIPT,
    transports: CATALOGUE.transports,
    scenarios: CATALOGUE.scenarios,
    profiles: isBare ? usual : profiles,
    inject: isBare ? 'none' : 'profile',
    effort,
    patienceMs: PATIENCE_MS,
  });
}

/** What the software of a transport's short messages takes on this machine. */
export async function liveSoftware(transport: string, profile: Profile): Promise<SoftwarePath> {
  return await softwarePath(SCRIPT, {
    clockBaseNs: String(process.hrtime.bigint()),
    cpus: cpusForThreads(1),
    manner: { inject: 'none' },
    profile,
    transport,
    scenario: 'stream',
    parameters: {
      ringSizeBytes: 65_536,
      messageSizeBytes: 64,
      messages: 1,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'own',
      seed: 1,
      settings: {},
    },
    transportOptions: {},
  });
}
