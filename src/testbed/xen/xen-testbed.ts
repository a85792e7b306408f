import { readFile } from 'node:fs/promises';
import type { Cell } from '../../results/types.js';
import { judgedCell, skippedCell, timeCostOf, unknownCell } from './cells/cell-result.js';
import { guestTypeName, skipReason, type XenCellRequest } from './cells/request.js';
import { collectWindows, type WindowResult } from './cells/window-results.js';
import {
  CALIBRATION_ID,
  calibrationCommands,
  type WindowPlan,
  windowCommands,
  windowsOf,
} from './cells/windows.js';
import { pluginFunctions } from './counting/symbols.js';
import { type ImageOptions, prepareImage, type XenImage } from './image/image.js';
import type { ConsoleMessage } from './machine/console.js';
import { MachineFailure } from './machine/emulator.js';
import { type MachineConfig, pairConfig } from './machine/machine-config.js';
import { laterStart, runBatch } from './machine/run-batch.js';
import { savedMachine } from './machine/saved-machine.js';
import { runCommand } from './process/command.js';
import type { XenProvenance } from './provenance.js';

/** Cells that a machine carries out in one go. */
const CELLS_IN_BATCH = 12;
const ATTEMPTS = 2;
const START_TIMEOUT_MS = 60_000;
const CELL_TIMEOUT_MS = 90_000;
const STALL_MS = 120_000;

export interface XenTestbedOptions extends ImageOptions {
  /** For sockets: a short path. */
  readonly temporaryDirectory: string;
  /** Further arguments of the hypervisor, such as "spec-ctrl=eager-fpu". */
  readonly xenArguments?: readonly string[];
  /** Phases of the timer at which each cell is measured, 1 to 3 [3]: fewer are quicker, and show less of the spread. */
  readonly phases?: number;
  /** Emulated machines at a time, each of which takes a core [1]. Counts do not depend on it. */
  readonly machines?: number;
  /** Called as each cell is done, in any order. */
  readonly onCell?: (cell: Cell, index: number) => void;
}

/** What cells are carried out with, found or built. */
export interface XenEquipment {
  readonly image: XenImage;
  readonly provenance: XenProvenance;
  /** For the counting plugin: addresses and names of Xen's functions. */
  readonly functions: string;
}

export interface XenRun {
  /** In the order of the requests. */
  readonly cells: readonly Cell[];
  readonly provenance: XenProvenance;
}

interface Planned {
  readonly index: number;
  readonly request: XenCellRequest;
  readonly windows: readonly WindowPlan[];
}

/** Finds or builds the image. Throws UserError where a part cannot be had. */
export async function equipXen(options: XenTestbedOptions): Promise<XenEquipment> {
  const image = await prepareImage(options);
  const { symbols } = image;
  return {
    image,
    functions: pluginFunctions(await readFile(symbols, 'utf8'), symbols),
    provenance: {
      image: image.hash,
      emulator: await emulatorVersionOf(options.signal),
      contents: image.contents,
      xenArguments: options.xenArguments ?? [],
    },
  };
}

/**
 * Carries out cells on real Xen in an emulated machine. Cells that need the same guests share a machine; one that fails
 * is tried once more on a fresh machine and is then reported as unknown, with the reason and the end of the console.
 *
 * Throws UserError where the image cannot be had, and the signal's reason on abort (`onCell` has seen what was done).
 */
export async function runXenCells(
  requests: readonly XenCellRequest[],
  options: XenTestbedOptions,
): Promise<XenRun> {
  const equipment = await equipXen(options);
  return {
    cells: await carryOutXenCells(requests, equipment, options),
    provenance: equipment.provenance,
  };
}

/** The same with what is already there. */
export async function carryOutXenCells(
  requests: readonly XenCellRequest[],
  equipment: XenEquipment,
  options: XenTestbedOptions,
): Promise<readonly Cell[]> {
  const cells: Cell[] = new Array(requests.length);
  const settle = (index: number, cell: Cell): void => {
    cells[index] = cell;
    options.onCell?.(cell, index);
  };
  const groups = new Map<string, Planned[]>();
  for (const [index, request] of requests.entries()) {
    const reason = skipReason(request, equipment.image);
    if (reason !== undefined) {
      settle(index, skippedCell(request, reason));
      continue;
    }
    const key = `${request.parameters.guestTypes.join()} ${request.parameters.placement}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ index, request, windows: windowsOf(index, request, options.phases) });
  }
  await inParallel([...groups.values()], options, (group, signal) =>
    new MachineGroup(group, equipment, { ...options, signal }, settle).run(),
  );
  return cells;
}

/** Does something with each, so many at a time. What one throws ends the others, and is thrown when they have ended. */
export async function inParallel<T>(
  items: readonly T[],
  { machines = 1, signal }: Pick<XenTestbedOptions, 'machines' | 'signal'>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const ending = new AbortController();
  const both = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item, both);
      } catch (error) {
        ending.abort(error);
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, machines) }, worker));
  if (ending.signal.aborted || ends.some(({ status }) => status === 'rejected')) {
    throw signal?.aborted === true ? signal.reason : ending.signal.reason;
  }
}

/** What the emulator says of itself. Throws UserError where there is none. */
export async function emulatorVersionOf(signal: AbortSignal | undefined): Promise<string> {
  const result = await runCommand('qemu-system-x86_64', ['--version'], {
    timeoutMs: 10_000,
    missingRemedy: 'apt-get install --no-install-recommends qemu-system-x86',
    ...(signal === undefined ? {} : { signal }),
  });
  return result.stdout.toString('utf8').split('\n')[0]?.trim() ?? '';
}

/** The cells that one kind of machine carries out. */
class MachineGroup {
  private readonly config: MachineConfig;
  private readonly connectorIsPv: boolean;
  private readonly settled = new Set<number>();
  private wasRenewed = false;

  constructor(
    private readonly cells: readonly Planned[],
    private readonly equipment: XenEquipment,
    private readonly options: XenTestbedOptions,
    private readonly settle: (index: number, cell: Cell) => void,
  ) {
    const first = cells[0]?.request.parameters;
    const types = first?.guestTypes ?? (['pvh', 'pvh'] as const);
    this.config = pairConfig(types, first?.placement ?? 'shared', options.xenArguments ?? []);
    this.connectorIsPv = types[1] === 'pv';
  }

  async run(): Promise<void> {
    try {
      let savedState = await this.boot();
      for (let start = 0; start < this.cells.length; start += CELLS_IN_BATCH) {
        const batch = this.cells.slice(start, start + CELLS_IN_BATCH);
        savedState = await this.runBatch(batch, savedState);
      }
    } catch (error) {
      if (!(error instanceof MachineFailure)) throw error;
      const reason = `Xen did not come up: ${error.message}`;
      for (const { index, request } of this.cells) {
        if (this.settled.has(index)) continue;
        this.settle(index, unknownCell(request, reason, error.consoleTail));
      }
    }
  }

  /** @param anew although there is a saved one */
  private boot(anew = false): Promise<string> {
    return savedMachine({
      ...this.options,
      anew,
      image: this.equipment.image,
      config: this.config,
      emulatorVersion: this.equipment.provenance.emulator,
    });
  }

  /**
   * Carries out a batch. A cell that comes to no result is tried again on a fresh machine, and so is what came after it,
   * since a machine on which one cell failed is not trusted with the next. Returns the saved machine for the next batch.
   */
  private async runBatch(batch: readonly Planned[], savedState: string): Promise<string> {
    const failures = new Map<Planned, number>();
    let pending = [...batch];
    let state = savedState;
    while (pending.length > 0) {
      const tries = [...failures.values()].reduce((sum, count) => sum + count, 0);
      const outcome = await this.attempt(pending, state, tries);
      if (outcome.saidNothing && !this.wasRenewed) {
        this.wasRenewed = true;
        this.options.onProgress?.(`the saved machine does not go on: ${outcome.reason}`);
        state = await this.boot(true);
        continue;
      }
      const culprit = this.settleFinished(pending, outcome);
      pending = pending.filter(({ index }) => !this.settled.has(index));
      if (culprit === undefined) continue;
      const count = (failures.get(culprit) ?? 0) + 1;
      failures.set(culprit, count);
      const next = count < ATTEMPTS ? 'trying again' : 'giving a cell up';
      this.options.onProgress?.(`${next}: ${outcome.reason}`);
      if (count < ATTEMPTS) continue;
      this.finish(culprit, unknownCell(culprit.request, outcome.reason, outcome.consoleTail));
      pending = pending.filter((planned) => planned !== culprit);
    }
    return state;
  }

  /** @param tries how often this was tried: each try starts a little later, or it would go the same way again */
  private async attempt(
    batch: readonly Planned[],
    savedState: string,
    tries: number,
  ): Promise<BatchOutcome> {
    const types = guestTypeName(batch[0]?.request.parameters.guestTypes ?? ['pvh', 'pvh']);
    this.options.onProgress?.(`${types} guests go on from where they were saved`);
    const commands = batch.flatMap(({ request, windows }) =>
      windows.map((window) => windowCommands(request, window)),
    );
    const messages: ConsoleMessage[] = [];
    let counts = '';
    try {
      const output = await runBatch({
        image: this.equipment.image,
        config: this.config,
        savedState,
        batch: [laterStart(tries), calibrationCommands(), ...commands].join(''),
        functions: this.equipment.functions,
        temporaryDirectory: this.options.temporaryDirectory,
        timeoutMs: START_TIMEOUT_MS + batch.length * CELL_TIMEOUT_MS,
        stallMs: STALL_MS,
        onMessage: (message) => {
          messages.push(message);
          this.tell(batch, message);
        },
        onCounts: (text) => {
          counts = text;
          // What is done is handed over at once: who stops the run now has it.
          this.settleFinished(batch, { windows: collectWindows(messages, text), reason: '' });
        },
        ...(this.options.signal === undefined ? {} : { signal: this.options.signal }),
      });
      const windows = collectWindows(messages, output.counts);
      return { windows, reason: '', consoleTail: '', saidNothing: false };
    } catch (error) {
      if (!(error instanceof MachineFailure)) throw error;
      return {
        windows: collectWindows(messages, counts),
        reason: error.message,
        consoleTail: error.consoleTail,
        saidNothing: messages.length === 0,
      };
    }
  }

  /** Says which cell has begun. */
  private tell(batch: readonly Planned[], message: ConsoleMessage): void {
    if (message.kind !== 'begin') return;
    const begun = batch.find(({ windows }) => windows[0]?.id === message.window)?.request;
    if (begun === undefined) return;
    const { guestTypes, grantMode } = begun.parameters;
    const mode = grantMode === 'persistent' ? '' : `, ${grantMode}`;
    this.options.onProgress?.(
      `${guestTypeName(guestTypes)} guests: ${begun.transport} ${begun.scenario}${mode}`,
    );
  }

  /** Settles the cells that are done; returns the first that is not, which is to blame for the end of the batch. */
  private settleFinished(
    batch: readonly Planned[],
    outcome: Pick<BatchOutcome, 'windows' | 'reason'>,
  ): Planned | undefined {
    const calibration = outcome.windows.get(CALIBRATION_ID)?.plugin;
    for (const planned of batch) {
      if (this.settled.has(planned.index)) continue;
      const results = planned.windows.map(({ id }) => outcome.windows.get(id));
      const fault = results.find((result) => result?.fault !== undefined)?.fault;
      const complete = results.every(isComplete);
      if (fault !== undefined) outcome.reason = fault;
      if (fault !== undefined || calibration === undefined || !complete) return planned;
      const time = timeCostOf(calibration, this.connectorIsPv);
      const cell = judgedCell(planned.request, planned.windows, results, time);
      if (cell.verdict === 'unknown') {
        outcome.reason = cell.reason ?? outcome.reason;
        return planned;
      }
      this.finish(planned, cell);
    }
    return undefined;
  }

  private finish({ index }: Planned, cell: Cell): void {
    this.settled.add(index);
    this.settle(index, cell);
  }
}

/** A window that ended, and whose counts have come too: they come by another way. */
function isComplete(result: WindowResult | undefined): result is WindowResult {
  return result !== undefined && (result.plugin !== undefined || result.virtualNs === undefined);
}

interface BatchOutcome {
  readonly windows: ReadonlyMap<string, WindowResult>;
  reason: string;
  readonly consoleTail: string;
  /** Not a line came from the machine after it was loaded. */
  readonly saidNothing: boolean;
}
