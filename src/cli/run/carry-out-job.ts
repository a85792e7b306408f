import { invariant } from '../../base/errors.js';
import { latinHypercube } from '../../profiles/uncertainty.js';
import { carryOut } from '../../runner/carry-out.js';
import { executeHere } from '../../runner/execute.js';
import { type BatchExecution, executeBatch } from '../../runner/execute-batch.js';
import { executeInWorkers } from '../../runner/worker-pool.js';
import { offeredTestbed, takesBatches } from '../testbeds.js';
import type { WorkerData } from '../worker.js';
import type { Job } from './job.js';

/** How a job is carried out. */
export interface Manner {
  /** Cells at a time, where the testbed can. */
  readonly jobs: number;
  /** Cells are wanted in the order of the plan, as far as that goes. */
  readonly inOrder: boolean;
}

/**
 * Carries out what is to be done of a job: by a testbed that takes all of it, in worker threads, or one by one where
 * cells would disturb another.
 */
export async function carryOutJob(
  job: Pick<Job, 'request' | 'catalogue' | 'todo' | 'batches'>,
  manner: Manner,
  execution: BatchExecution,
): Promise<void> {
  const { request, catalogue, todo } = job;
  if (job.batches !== undefined) {
    await executeBatch(todo, job.batches, catalogue, execution);
    return;
  }
  const offered = offeredTestbed(request.testbed);
  invariant(!takesBatches(offered), 'a testbed that takes batches was not opened', { ...offered });
  const draws = request.uncertainty === 0 ? [] : latinHypercube(request.seed, request.uncertainty);
  if (offered.parallel) {
    const used = catalogue.profiles.filter(({ name }) => request.profiles.includes(name));
    const workerData: WorkerData = { testbed: offered.name, profiles: used, draws };
    const script = new URL('../worker.js', import.meta.url);
    const order = manner.inOrder ? 'plan' : 'largest';
    await executeInWorkers(todo, { script, workerData, jobs: manner.jobs, order }, execution);
    return;
  }
  const equipment = { testbed: await offered.load(), catalogue, draws };
  await executeHere(todo, (planned) => carryOut(equipment, planned), execution);
}
