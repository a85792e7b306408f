import { invariant } from '../base/errors.js';
import type { Profile } from '../profiles/profile.js';
import type { BatchTestbed, PlanningRules, Testbed } from '../testbed/contract.js';
import { MODEL_RULES, modelTestbed } from '../testbed/model/model-testbed.js';
import { LIVE_OPTIONS, liveSettings } from './live/live-options.js';
import type { OptionValues } from './options/option-values.js';
import type { Environment } from './terminal.js';
import { XEN_OPTIONS, xenRunSettings } from './xen/xen-options.js';

/** A testbed as the command line offers it. */
export type OfferedTestbed = CellTestbed | OfferedBatches;

interface Offered {
  readonly name: string;
  readonly summary: string;
}

/** One that carries out cells one by one. Loaded when it is used: some need much, and most runs need one. */
export interface CellTestbed extends Offered {
  /** Cells do not disturb one another, and so may run side by side in worker threads. */
  readonly parallel: boolean;
  readonly rules?: PlanningRules;
  load(): Promise<Testbed>;
}

/** One that takes all cells of a run at once, and has options of its own. */
export interface OfferedBatches extends Offered {
  readonly parallel: false;
  /** Names of options that no other testbed has. */
  readonly ownOptions: readonly string[];
  /** Its own options, as they were given: what a run that is resumed must have again. Throws UserError. */
  settings(options: OptionValues): TestbedSettings;
  /** How cells are planned for it. */
  rules(settings: TestbedSettings): Promise<PlanningRules>;
  open(settings: TestbedSettings, place: Place): Promise<BatchTestbed>;
}

/** By names of options. */
export type TestbedSettings = Readonly<Record<string, string>>;

/** What this machine and this invocation give to a testbed, and no result depends on. */
export interface Place {
  readonly options: OptionValues;
  readonly environment: Environment;
  /** Cells at a time. */
  readonly jobs: number;
  /** The profiles that were chosen; none where the testbed has computers of its own. */
  readonly profiles: readonly Profile[];
}

/** All testbeds. */
export const TESTBEDS: readonly OfferedTestbed[] = [
  {
    name: modelTestbed.name,
    summary: modelTestbed.summary,
    parallel: true,
    rules: MODEL_RULES,
    load: async () => modelTestbed,
  },
  {
    name: 'xen',
    summary: 'real Xen with real guests, in an emulated machine: exact counts, no times',
    parallel: false,
    ownOptions: Object.values(XEN_OPTIONS).map(({ name }) => name),
    settings: (options) => xenRunSettings(options),
    rules: async (settings) => (await import('./xen/xen-batches.js')).xenRules(settings),
    open: async (settings, place) =>
      (await import('./xen/xen-batches.js')).openXen(settings, place),
  },
  {
    name: 'live',
    summary: 'real threads and real memory of this machine, by the wall clock: samples',
    parallel: false,
    ownOptions: Object.values(LIVE_OPTIONS).map(({ name }) => name),
    settings: (options) => liveSettings(options),
    rules: async (settings) => (await import('./live/live-batches.js')).liveRules(settings),
    open: async (settings, place) =>
      (await import('./live/live-batches.js')).openLive(settings, place),
  },
];

/** The testbed of that name, which is known to be offered. */
export function offeredTestbed(name: string): OfferedTestbed {
  const offered = TESTBEDS.find((one) => one.name === name);
  invariant(offered !== undefined, 'the testbed is not offered', { name });
  return offered;
}

/** Whether it takes all cells at once. */
export function takesBatches(offered: OfferedTestbed): offered is OfferedBatches {
  return 'open' in offered;
}
