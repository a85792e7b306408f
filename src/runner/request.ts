import type { SettingValue } from '../base/setting.js';
import type { PriceName } from '../profiles/price-list.js';
import type { Profile } from '../profiles/profile.js';
import type { CellParameters, Placement, Scenario } from '../scenario/contract.js';
import type { PlanningRules } from '../testbed/contract.js';
import type { GrantMode, TransportDriver } from '../transport/contract.js';

/**
 * What a run shall do. Names and numbers only, every default filled in, so that a journal can hold
 * it and the same cells can be planned again. A list that is missing is left to the suite.
 */
export interface RunRequest {
  readonly testbed: string;
  /** What the testbed itself is told, by the names of options; missing: nothing. */
  readonly testbedOptions?: Readonly<Record<string, string>>;
  readonly transports: readonly string[];
  readonly profiles: readonly string[];
  /** Empty: all that the suite has. */
  readonly scenarios: readonly string[];
  readonly suite: string;
  readonly ringSizeBytes?: readonly number[];
  readonly messageSizeBytes?: readonly number[];
  /** "pv", "pvh", or "pv:pvh" for server and client apart. */
  readonly guestType?: readonly string[];
  readonly grantMode?: readonly GrantMode[];
  readonly placement?: readonly Placement[];
  readonly messages?: number;
  readonly seed: number;
  /** Cells that differ in their seed only: `seed`, `seed + 1` ... */
  readonly seeds: number;
  /** Draws of the prices between low and high; 0: the prices as they are. */
  readonly uncertainty: number;
  /** Only this part of the plan; missing: all of it. */
  readonly shard?: Shard;
  /** Settings of scenarios and transports as they were written, each with one value or more. */
  readonly set: Readonly<Record<string, readonly string[]>>;
}

/** One of the parts that several machines share a plan in. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly of: number;
}

/** Position of each price in its range, 0 to 1. */
export type PriceFractions = Readonly<Record<PriceName, number>>;

/** What a request's names stand for. */
export interface Catalogue {
  readonly transports: readonly TransportDriver[];
  readonly scenarios: readonly Scenario[];
  readonly profiles: readonly Profile[];
  /** Of the testbed, where it has any. */
  readonly rules?: PlanningRules;
}

/** One cell to be carried out, by names: it can go to another thread, or into a file. */
export interface PlannedCell {
  readonly id: string;
  readonly testbed: string;
  readonly profile: string;
  readonly transport: string;
  readonly scenario: string;
  readonly scenarioVersion: number;
  readonly parameters: CellParameters;
  readonly transportOptions: Readonly<Record<string, SettingValue>>;
  /** Number of the draw of prices, from 1. */
  readonly draw?: number;
  /** Expected work, in no unit: for sharing out and for the time that is left. */
  readonly cost: number;
}
