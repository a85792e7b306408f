import type { Testbed } from '../testbed/contract.js';
import { modelTestbed } from '../testbed/model/model-testbed.js';

/** A testbed as the command line offers it. */
export interface OfferedTestbed {
  readonly name: string;
  readonly summary: string;
  /** Cells do not disturb one another, and so may run side by side in worker threads. */
  readonly parallel: boolean;
  /** Testbeds are loaded when they are used: some need much, and most runs need one. */
  load(): Promise<Testbed>;
}

/** All testbeds. */
export const TESTBEDS: readonly OfferedTestbed[] = [
  {
    name: modelTestbed.name,
    summary: modelTestbed.summary,
    parallel: true,
    load: async () => modelTestbed,
  },
];
