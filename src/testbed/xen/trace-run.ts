import { readFile } from 'node:fs/promises';
import { UserError } from '../../base/errors.js';
import { skipReason, type XenCellRequest } from './cells/request.js';
import { collectWindows } from './cells/window-results.js';
import { windowCommands } from './cells/windows.js';
import { pluginFunctions } from './counting/symbols.js';
import { traceSteps, type XenStep } from './counting/trace-steps.js';
import { prepareImage } from './image/image.js';
import { MachineFailure } from './machine/emulator.js';
import { pairConfig } from './machine/machine-config.js';
import { runBatch } from './machine/run-batch.js';
import { savedMachine } from './machine/saved-machine.js';
import { emulatorVersionOf, type XenTestbedOptions } from './xen-testbed.js';

/** Records that go over the slow console: enough for a few messages. */
const MOST_RECORDS = 400;
/** Round trips of ping-pong in one trace: other work of the guests' kernels falls into some of them. */
const ROUND_TRIPS = 5;
const TIMEOUT_MS = 180_000;
const STALL_MS = 90_000;
const WINDOW = 'trace';

export interface XenTrace {
  readonly steps: readonly XenStep[];
  /** True where more happened than is shown. */
  readonly cutShort: boolean;
  /** Virtual nanoseconds of the whole window. */
  readonly lengthNs: number;
}

/**
 * What real Xen does for one message (a few round trips of ping-pong), or for one connection: `what` says which.
 * Throws UserError where the request cannot be carried out, MachineFailure where the machine failed.
 */
export async function traceOnXen(
  request: XenCellRequest,
  what: 'message' | 'connect',
  options: XenTestbedOptions,
): Promise<XenTrace> {
  const image = await prepareImage(options);
  const reason = skipReason(request, image);
  if (reason !== undefined) throw new UserError(reason);
  const { guestTypes, placement } = request.parameters;
  const config = pairConfig(guestTypes, placement, options.xenArguments ?? []);
  const emulatorVersion = await emulatorVersionOf(options.signal);
  const savedState = await savedMachine({ ...options, image, config, emulatorVersion });
  const messages = what === 'connect' ? 0 : request.scenario === 'ping-pong' ? 2 * ROUND_TRIPS : 1;
  const window = { id: WINDOW, messages, delayUs: 0, traced: true };
  const output = await runBatch({
    image,
    config,
    savedState,
    batch: `TRACE_RECORDS=${MOST_RECORDS}\n${windowCommands(request, window, what === 'connect')}`,
    temporaryDirectory: options.temporaryDirectory,
    timeoutMs: TIMEOUT_MS,
    stallMs: STALL_MS,
    functions: pluginFunctions(await readFile(image.symbols, 'utf8'), image.symbols),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const result = collectWindows(output.messages, output.counts).get(WINDOW);
  if (result?.trace === undefined) {
    throw new MachineFailure(result?.fault ?? 'the traced window did not end', '');
  }
  return {
    steps: traceSteps(result.trace),
    cutShort: result.trace.records.length === MOST_RECORDS,
    lengthNs: result.trace.lengthTsc,
  };
}
