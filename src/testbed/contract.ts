import type { PriceName } from '../profiles/price-list.js';
import type { Profile } from '../profiles/profile.js';
import type { Cell } from '../results/types.js';
import type { CellParameters, Scenario } from '../scenario/contract.js';
import type { Endpoint, TransportDriver } from '../transport/contract.js';

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

/** Where cells are carried out. */
export interface Testbed {
  readonly name: string;
  readonly summary: string;
  /** Carries out one cell. Never throws for what a cell did: that is its verdict. */
  run(plan: CellPlan): Promise<Cell>;
}
