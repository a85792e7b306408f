import type { Cell } from '../../../results/types.js';
import type { ConsoleMessage } from '../machine/console.js';
import { MachineFailure } from '../machine/emulator.js';
import { type MachineConfig, pairConfig } from '../machine/machine-config.js';
import { runBatch } from '../machine/run-batch.js';
import { savedMachine } from '../machine/saved-machine.js';
import { inParallel, type XenEquipment, type XenTestbedOptions } from '../xen-testbed.js';
import {
  type FailureRequest,
  failureCellFrame,
  failureCommands,
  failureSkipReason,
} from './failure-request.js';
import { readObserved } from './observed.js';
import { outcomeOf } from './outcomes.js';

const ATTEMPTS = 3;
/** A survivor that waits for ever is watched for long; hundreds of connections take their time on a busy host. */
const CELL_TIMEOUT_MS = 600_000;
/** dom0 says every second of its own that it lives. */
const STALL_MS = 90_000;

/**
 * Carries out cells in which something breaks, each on a machine of its own: what broke stays broken. A cell that came
 * to nothing is tried again, twice at most, and is then reported as unknown with the reason and the end of the console.
 *
 * Throws UserError where the disk is full, and the signal's reason on abort (`onCell` has seen what was done).
 */
export async function carryOutFailureCells(
  requests: readonly FailureRequest[],
  equipment: XenEquipment,
  options: XenTestbedOptions,
): Promise<readonly Cell[]> {
  const cells: Cell[] = new Array(requests.length);
  const machines = new Map<string, Promise<string>>();
  await inParallel([...requests.entries()], options, async ([index, request], signal) => {
    const cell = await carryOut(request, equipment, machines, { ...options, signal });
    cells[index] = cell;
    options.onCell?.(cell, index);
  });
  return cells;
}

/** @param machines saved ones by their guests: the first cell that needs one makes it, others wait for that */
async function carryOut(
  request: FailureRequest,
  equipment: XenEquipment,
  machines: Map<string, Promise<string>>,
  options: XenTestbedOptions,
): Promise<Cell> {
  const skipped = failureSkipReason(request, equipment.image);
  const frame = failureCellFrame(request);
  if (skipped !== undefined) return { ...frame, verdict: 'skipped', reason: skipped, metrics: {} };
  const { guestTypes } = request.parameters;
  const config = pairConfig(guestTypes, 'shared', options.xenArguments ?? []);
  const saved =
    machines.get(guestTypes.join()) ??
    savedMachine({
      ...options,
      image: equipment.image,
      config,
      emulatorVersion: equipment.provenance.emulator,
    });
  machines.set(guestTypes.join(), saved);
  for (let attempt = 1; ; attempt++) {
    const result = await attemptCell(request, equipment, config, saved, options, attempt - 1);
    if ('outcome' in result) return { ...frame, verdict: 'valid', ...result };
    if (attempt === ATTEMPTS) {
      return { ...frame, verdict: 'unknown', reason: result.fault, metrics: {} };
    }
    options.onProgress?.(`trying again: ${result.fault.split('\n')[0]}`);
  }
}

async function attemptCell(
  request: FailureRequest,
  { image }: XenEquipment,
  config: MachineConfig,
  saved: Promise<string>,
  options: XenTestbedOptions,
  tries: number,
): Promise<ReturnType<typeof outcomeOf>> {
  const messages: ConsoleMessage[] = [];
  try {
    const savedState = await saved;
    options.onProgress?.(nameOf(request));
    await runBatch({
      image,
      config,
      savedState,
      batch: failureCommands(request, CELL_ID, tries),
      temporaryDirectory: options.temporaryDirectory,
      timeoutMs: CELL_TIMEOUT_MS,
      stallMs: STALL_MS,
      watchesForSpin: true,
      onMessage: (message) => messages.push(message),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (!(error instanceof MachineFailure)) throw error;
    return { fault: `${error.message}\n${error.consoleTail}` };
  }
  return outcomeOf(request, readObserved(messages, CELL_ID));
}

/** "v2v destroy-order, order=client-hung, observeMs=10000" */
function nameOf({ transport, scenario, parameters }: FailureRequest): string {
  const settings = Object.entries(parameters.settings).map(([name, value]) => `${name}=${value}`);
  return [`${transport} ${scenario}`, ...settings].join(', ');
}

const CELL_ID = 'failure';
