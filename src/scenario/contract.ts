import type { Settings, SettingValue } from '../base/setting.js';
import type { PriceTable } from '../profiles/price-list.js';
import type { Better, DeterminedBy } from '../stats/metric.js';
import type { GrantMode, TransportDriver } from '../transport/contract.js';
import type { GuestSpec, Placement } from '../transport/installation.js';
import type { DomainLimits, GuestType } from '../xen/domain.js';
import type { World } from './world.js';

export type { GuestSpec, Placement };

/** The parameters of one cell: those that every scenario has, and its own settings. */
export interface CellParameters {
  readonly ringSizeBytes: number;
  /** Payload of one write. */
  readonly messageSizeBytes: number;
  readonly messages: number;
  /** Guest type of the two sides: receiver (or server) first. */
  readonly guestTypes: readonly [server: GuestType, client: GuestType];
  readonly grantMode: GrantMode;
  readonly placement: Placement;
  readonly seed: number;
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/** A metric that a scenario reports beside the ones that every cell has. */
export interface MetricDeclaration {
  readonly name: string;
  readonly unit: string;
  readonly better: Better;
  readonly meaning: string;
}

/** What a suite runs: every combination of the lists, in their order. Lists that are missing have the default value. */
export interface Sweep {
  readonly ringSizeBytes?: readonly number[];
  readonly messageSizeBytes?: readonly number[];
  readonly guestType?: readonly string[];
  readonly grantMode?: readonly GrantMode[];
  readonly placement?: readonly Placement[];
  readonly settings?: Readonly<Record<string, readonly SettingValue[]>>;
}

/** The machine that a scenario wants: dom0 comes by itself. */
export interface Topology {
  readonly guests: readonly GuestSpec[];
  /** Raise Xen's limits on event channels, grants and so on for all guests. */
  readonly limits: 'default' | 'raised';
  /** Limits of all guests that differ from those. */
  readonly guestLimits?: Partial<DomainLimits>;
  /** on_crash of xl.cfg: whether the toolstack destroys a domain that crashes; by default it stays. */
  readonly onCrash?: 'preserve' | 'destroy';
}

/** What the checks say of a measurement. */
export type Verdict =
  | { readonly verdict: 'valid' }
  | { readonly verdict: 'invalid' | 'unknown'; readonly reason: string };

/** One kind of work and its sweep. A scenario never names a transport: what it needs to know are capabilities. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** What two connected guests do, each for itself: their processes share nothing but the connection and gates. */
  readonly isOfTwoEnds?: true;
  /** Raised when the meaning of its numbers changes: cells of different versions are not compared. */
  readonly version: number;
  readonly settings: Settings;
  readonly metrics: readonly MetricDeclaration[];
  /** Which of the counts a message do not depend on who is faster. Those not named depend on it. */
  readonly protocolDetermined: readonly string[];
  readonly sweeps: {
    readonly quick: readonly Sweep[];
    readonly full: readonly Sweep[];
    /** What happens when something breaks. */
    readonly failure?: readonly Sweep[];
  };
  /** Number of messages where the user gives none. */
  messages(parameters: Omit<CellParameters, 'messages'>): number;
  /** Prices that differ from the profile's in this cell: for hypothetical hardware, which the cell then names so. */
  prices?(prices: PriceTable, parameters: CellParameters, clockHz: number): PriceTable;
  /** Why this transport cannot do this work with these parameters. */
  skipReason?(driver: TransportDriver, parameters: CellParameters): string | undefined;
  /** Why no simulation can do this work, and what helps: it has something in it that only real Xen has. */
  needsRealXen?(parameters: CellParameters): string | undefined;
  topology(parameters: CellParameters): Topology;
  /** Starts the guests' processes. They act, and write down what happened. */
  start(world: World): void;
  /** Judges what was written down, after the machine has come to rest. */
  check?(world: World): Verdict;
}

export type { Better, DeterminedBy, DomainLimits };
