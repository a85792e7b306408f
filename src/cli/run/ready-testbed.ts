import type { ProfileRecord } from '../../results/types.js';
import type { RunRequest } from '../../runner/request.js';
import type { BatchTestbed, BatchWatcher } from '../../testbed/contract.js';
import { offeredTestbed, type Place, takesBatches } from '../testbeds.js';

/** A testbed that takes all cells at once, with all that it needs at hand. */
export interface ReadyTestbed {
  readonly testbed: BatchTestbed;
  /** The computers on which cells will run. */
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
}

/** Makes the testbed of a request ready; undefined where there is nothing to do. Throws UserError. */
export async function readyTestbed(
  request: RunRequest,
  place: Place,
  watcher: BatchWatcher,
): Promise<ReadyTestbed | undefined> {
  const offered = offeredTestbed(request.testbed);
  if (!takesBatches(offered)) return undefined;
  const testbed = await offered.open(request.testbedOptions ?? {}, place);
  return { testbed, profiles: await testbed.prepare(watcher) };
}
