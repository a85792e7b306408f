import type { PriceName } from '../profiles/price-list.js';
import type { Profile } from '../profiles/profile.js';
import type { Cell, ProfileRecord } from '../results/types.js';
import type { CellParameters, Scenario, Sweep } from '../scenario/contract.js';
import type { Endpoint, TransportDriver } from '../transport/contract.js';
import type { CellNames } from './cell-identity.js';

/** One cell to be carried out. */
export interface CellPlan {
  readonly profile: Profile;
  readonly transport: TransportDriver;
  readonly scenario: Scenario;
  readonly parameters: CellParameters;
  readonly transportOptions: Endpoint['options'];
  /** Position of each price in its range, 0 to 1, in a run under `--uncertainty`; with its number. */
  readonly draw?: {
    readonly number: number;
    readonly fractions: Readonly<Record<PriceName, number>>;
  };
}

/** Where cells are carried out, one by one. */
export interface Testbed {
  readonly name: string;
  readonly summary: string;
  /** Carries out one cell. Never throws for what a cell did: that is its verdict. */
  run(plan: CellPlan): Promise<Cell>;
}

/** Where cells are carried out many at a time, since making it ready takes far longer than a cell. */
export interface BatchTestbed {
  /**
   * Makes ready what all cells need, and says which computers they will run on, by profile: the same answer means that
   * cells of two runs may stand in one file. Throws UserError where something is missing.
   */
  prepare(watcher: BatchWatcher): Promise<Readonly<Record<string, ProfileRecord>>>;
  /**
   * Carries out cells, in any order: `onCell` has each of them once, whatever came of it. Ends early, with what is done
   * handed over, when the signal is sent.
   */
  run(cells: readonly CellNames[], watcher: BatchWatcher & CellTaker): Promise<void>;
}

/** Who waits for a batch. */
export interface BatchWatcher {
  readonly signal: AbortSignal;
  /** What goes on now, in a few words. */
  readonly onProgress: (text: string) => void;
}

export interface CellTaker {
  /** @param index of the cell among those that were given */
  readonly onCell: (cell: Cell, index: number) => void;
}

/** What a testbed says of cells before they are carried out. What it leaves out is as profiles and scenarios say. */
export interface PlanningRules {
  /** Names of the computers it has, the usual one first, where they are not chosen from the profiles. */
  readonly profiles?: readonly string[];
  /** Values of parameters that neither the user nor a suite gives. */
  readonly defaults?: Sweep;
  /** Its own suites: undefined where a scenario takes no part in one. */
  sweeps?(scenario: Scenario, suite: string): readonly Sweep[] | undefined;
  /** Messages of a cell where the user gives none. */
  messages?(names: Omit<CellNames, 'parameters'> & { readonly parameters: Unmeasured }): number;
  /** Why it cannot carry out a cell that transport and scenario could have, and what helps. */
  refusal?(names: CellNames, scenario: Scenario): string | undefined;
}

type Unmeasured = Omit<CellParameters, 'messages'>;
