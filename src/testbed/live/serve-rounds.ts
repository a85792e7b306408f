import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { Scenario } from '../../scenario/contract.js';
import type { TransportDriver } from '../../transport/contract.js';
import { pinThisThread } from './cpu-affinity.js';
import { LivePlatform } from './live-platform.js';
import {
  type FromThread,
  type LiveThreadData,
  MEASURE_SOFTWARE,
  type ToThread,
} from './live-protocol.js';
import { LiveEnd } from './live-round.js';
import type { SharedArea } from './shared-area.js';
import { measureSoftwarePath } from './software-path.js';
import { createSharedMemory } from './wasm-mover.js';

/** What there is to choose from. */
export interface LiveCatalogue {
  readonly transports: readonly TransportDriver[];
  readonly scenarios: readonly Scenario[];
}

/** A clock that all threads of the process share: picoseconds since a moment. */
export function sharedClock(baseNs: bigint): () => number {
  return () => Number(process.hrtime.bigint() - baseNs) * 1000;
}

/** The work of a live thread: sets its end up, and carries out rounds until the thread is ended. */
export async function serveRounds(
  port: Pick<MessagePort, 'postMessage' | 'on'>,
  data: LiveThreadData,
  catalogue: LiveCatalogue,
): Promise<void> {
  const say = (message: FromThread): void => port.postMessage(message);
  const attempt = (work: () => FromThread): void => {
    try {
      say(work());
    } catch (error) {
      say({ failed: error instanceof Error ? error.message : String(error) });
    }
  };
  const { control, frameBytes, partner, thread, manner, clockBaseNs, cpus, ...plan } = data;
  const cpu = cpus?.[thread];
  const isPinned = cpu !== undefined && (await pinThisThread(cpu));
  const now = sharedClock(BigInt(clockBaseNs));
  const frames = await sharedFrames(thread, frameBytes, partner);
  const area: SharedArea = { ...control, frames };
  let end: LiveEnd | undefined;
  attempt(() => {
    const platform = new LivePlatform(area, thread, manner, now);
    end = new LiveEnd(
      {
        ...plan,
        transport: named(catalogue.transports, plan.transport),
        scenario: named(catalogue.scenarios, plan.scenario),
      },
      platform,
    );
    return { ready: true, isPinned };
  });
  port.on('message', (order: ToThread) => {
    attempt(() => {
      if (end === undefined) throw new Error('the connection was never made');
      return order === MEASURE_SOFTWARE
        ? { software: measureSoftwarePath(end, now) }
        : { report: end.round(order) };
    });
  });
}

/** The first thread makes the memory of both. */
async function sharedFrames(
  thread: number,
  bytes: number,
  partner: MessagePort,
): Promise<WebAssembly.Memory> {
  if (thread === 0) {
    const frames = createSharedMemory(bytes);
    partner.postMessage(frames);
    return frames;
  }
  const [frames] = (await once(partner, 'message')) as [WebAssembly.Memory];
  partner.close();
  return frames;
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}
