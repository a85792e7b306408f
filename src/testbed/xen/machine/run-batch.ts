import type { XenImage } from '../image/image.js';
import type { ConsoleMessage } from './console.js';
import { Emulator, MachineFailure } from './emulator.js';
import type { MachineConfig } from './machine-config.js';
import type { QmpClient } from './qmp.js';
import { watchForSpin } from './spin-watch.js';

const RESUME_PAUSE_MS = 20;

export interface BatchOptions {
  readonly image: XenImage;
  readonly config: MachineConfig;
  /** From `savedMachine`. */
  readonly savedState: string;
  readonly batch: string;
  readonly functions?: string;
  readonly stays?: boolean;
  readonly temporaryDirectory: string;
  readonly timeoutMs: number;
  readonly stallMs: number;
  /** Also end a machine whose processor turns on the spot (spin-watch.ts). */
  readonly watchesForSpin?: boolean;
  readonly onMessage?: (message: ConsoleMessage) => void;
  /** What the counting plugin has written so far: at the end of each window, and when the machine failed. */
  readonly onCounts?: (counts: string) => void;
  readonly signal?: AbortSignal;
}

export interface BatchOutput {
  readonly messages: readonly ConsoleMessage[];
  /** What the counting plugin wrote. */
  readonly counts: string;
}

/**
 * Lets a saved machine go on, carry out a batch, and end: when the batch is done, or after the first window in which a
 * guest reports an error. Throws MachineFailure, or the abort's reason.
 */
export async function runBatch(options: BatchOptions): Promise<BatchOutput> {
  const messages: ConsoleMessage[] = [];
  let failed = false;
  let finish: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  finished.catch(() => undefined); // it may fail before somebody waits for it
  const emulator: Emulator = await Emulator.start({
    ...options,
    pause: true,
    onMessage: (message) => {
      messages.push(message);
      options.onMessage?.(message);
      if (message.kind === 'done') finish();
      // After an error in a guest the machine is in doubt: what comes next belongs on a fresh one.
      if (message.kind === 'line' && message.topic === 'reply' && / error/.test(message.text)) {
        failed = true;
      }
      if (message.kind !== 'end') return;
      if (failed) finish();
      else emulator.counts().then(options.onCounts).catch(fail);
    },
  });
  let endWatch: () => void = () => undefined;
  try {
    await emulator.control(async (qmp) => {
      await resume(qmp);
      if (options.watchesForSpin === true) {
        endWatch = watchForSpin(qmp, (address) =>
          fail(new MachineFailure(`a guest spins at ${address}`, emulator.consoleTail())),
        );
      }
      await finished;
    });
    return { messages, counts: await emulator.counts() };
  } catch (error) {
    options.onCounts?.(await emulator.counts());
    throw error;
  } finally {
    endWatch();
    await emulator.stop();
  }
}

/**
 * What a batch that is tried again begins with: a machine that goes on from the same state at the same moment would go
 * the same way again.
 *
 * @param tries how often it was tried
 * @param byUs how much later each try begins
 */
export function laterStart(tries: number, byUs = 1370): string {
  return tries === 0 ? '' : `sleep ${((tries * byUs) / 1e6).toFixed(5)}\n`;
}

async function resume(qmp: QmpClient): Promise<void> {
  for (;;) {
    const { status } = (await qmp.execute('query-status')) as { status?: string };
    if (status !== 'inmigrate' && status !== 'restore-vm') break;
    await new Promise((resolve) => setTimeout(resolve, RESUME_PAUSE_MS));
  }
  await qmp.execute('cont');
}
