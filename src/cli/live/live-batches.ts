import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { BatchTestbed, PlanningRules } from '../../testbed/contract.js';
import { LiveBatches } from '../../testbed/live/live-batches.js';
import { BARE_RULES, INJECTING_RULES } from '../../testbed/live/planning.js';
import { USUAL_EFFORT } from '../../testbed/live/sampling.js';
import { CATALOGUE } from '../catalogue.js';
import type { Place, TestbedSettings } from '../testbeds.js';

/** A round that takes longer hangs: the longest honest ones take some seconds. */
const PATIENCE_MS = 30_000;

/** The rules by which cells are planned for this machine. */
export function liveRules(settings: TestbedSettings): PlanningRules {
  return settings['inject'] === 'none' ? BARE_RULES : INJECTING_RULES;
}

/** The testbed live, as the settings of a run say. */
export function openLive(settings: TestbedSettings, { profiles }: Place): BatchTestbed {
  const isBare = settings['inject'] === 'none';
  const usual = CATALOGUE.profiles.filter(({ name }) => name === DEFAULT_PROFILE_NAME);
  return new LiveBatches({
    script: new URL('./live-worker.js', import.meta.url),
    transports: CATALOGUE.transports,
    scenarios: CATALOGUE.scenarios,
    profiles: isBare ? usual : profiles,
    inject: isBare ? 'none' : 'profile',
    effort: USUAL_EFFORT,
    patienceMs: PATIENCE_MS,
  });
}
