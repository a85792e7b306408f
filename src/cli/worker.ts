import { parentPort, workerData } from 'node:worker_threads';
import type { Profile } from '../profiles/profile.js';
import { carryOut } from '../runner/carry-out.js';
import type { PriceFractions } from '../runner/request.js';
import { serveCells } from '../runner/worker-protocol.js';
import { CATALOGUE } from './catalogue.js';
import { TESTBEDS, takesBatches } from './testbeds.js';

/** What a worker is given: the rest it knows, as the main thread does. */
export interface WorkerData {
  readonly testbed: string;
  readonly profiles: readonly Profile[];
  readonly draws: readonly PriceFractions[];
}

const { testbed: name, profiles, draws } = workerData as WorkerData;
const offered = TESTBEDS.find((one) => one.name === name);
if (parentPort === null || offered === undefined || takesBatches(offered)) {
  throw new Error(`this is a worker thread of "interdom run" for the testbed ${name}`);
}
const equipment = {
  testbed: await offered.load(),
  catalogue: { ...CATALOGUE, profiles },
  draws,
};
serveCells(parentPort, (planned) => carryOut(equipment, planned));
