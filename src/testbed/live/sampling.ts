import { Bench } from 'tinybench';
import type { LivePair } from './live-pair.js';
import type { RoundReport } from './live-round.js';

/** How a domain waits: it looks for a while before it sleeps, or sleeps at once. */
export type WaitManner = 'spin' | 'block';

/** One round, of both ends. */
export interface Sample {
  readonly elapsedNs: number;
  readonly bytes: number;
  readonly messages: number;
  readonly latencyNs: Float64Array;
  /** Nanoseconds of delay that were injected into both threads together. */
  readonly injectedNs: number;
  readonly sleeps: number;
  readonly reports: readonly RoundReport[];
}

/** The samples of one cell, each list in the order in which they were taken. */
export interface Samples {
  readonly spin: Sample[];
  readonly block: Sample[];
}

/** A cell whose threads stand ready. */
export interface Contestant {
  readonly name: string;
  readonly pair: LivePair;
  readonly messages: number;
  readonly samples: Samples;
}

/** How many samples are taken. */
export interface Effort {
  /** Rounds that do not count, until the compiler has done its work: at least so many, and so long. */
  readonly warmUpRounds: number;
  readonly warmUpMs: number;
  /** Times that each cell has its turn, and rounds at each turn. */
  readonly turns: Readonly<Record<WaitManner, number>>;
  readonly roundsPerTurn: number;
  /** Other load makes rounds long: a manner that takes longer than this ends after half of its turns or more. */
  readonly longestMs: number;
}

export const USUAL_EFFORT: Effort = {
  warmUpRounds: 6,
  warmUpMs: 400,
  turns: { spin: 8, block: 4 },
  roundsPerTurn: 3,
  longestMs: 6000,
};

/** So many turns of its loop does a thread look for a wake-up before it sleeps: some 50 microseconds. */
const SPIN_TURNS = 3000;

/** So often it says how far it is. */
const TURNS_A_WORD = 4;
const MANNERS: Readonly<Record<WaitManner, string>> = { spin: 'looking', block: 'sleeping' };

/**
 * Samples several cells so that drift of the machine falls on all of them alike: A B C, C B A, A B C and so on. Where one
 * fails, it is left out from there on, and the others go on.
 *
 * @returns what failed, by name
 */
export async function sampleTogether(
  contestants: readonly Contestant[],
  effort: Effort,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<ReadonlyMap<string, Error>> {
  const failures = new Map<string, Error>();
  const attempt = async (contestant: Contestant, work: () => Promise<unknown>): Promise<void> => {
    if (failures.has(contestant.name) || signal.aborted) return;
    try {
      await work();
    } catch (error) {
      failures.set(contestant.name, error instanceof Error ? error : new Error(String(error)));
    }
  };
  onProgress('warming up');
  for (const contestant of contestants) {
    await attempt(contestant, () => warmUp(contestant, effort, signal));
  }
  for (const manner of ['spin', 'block'] as const) {
    const turns = effort.turns[manner];
    const from = performance.now();
    for (let turn = 0; turn < turns; turn++) {
      if (2 * turn >= turns && performance.now() - from > effort.longestMs) break;
      if (turn % TURNS_A_WORD === 0) {
        onProgress(`domains that wait are ${MANNERS[manner]}: turn ${turn + 1} of ${turns}`);
      }
      const order = turn % 2 === 0 ? contestants : [...contestants].reverse();
      for (const contestant of order) {
        await attempt(contestant, () => takeTurn(contestant, manner, effort.roundsPerTurn));
      }
    }
  }
  return failures;
}

async function warmUp(
  { pair, messages }: Contestant,
  effort: Effort,
  signal: AbortSignal,
): Promise<void> {
  const from = performance.now();
  for (let round = 0; ; round++) {
    if (signal.aborted) return;
    if (round >= effort.warmUpRounds && performance.now() - from > effort.warmUpMs) return;
    const spinTurns = round % 2 === 0 ? SPIN_TURNS : 0;
    await pair.round({ messages, spinTurns, isThorough: true });
  }
}

/** Some rounds, by tinybench, which is told how long each really took. */
async function takeTurn(
  { name, pair, messages, samples }: Contestant,
  manner: WaitManner,
  rounds: number,
): Promise<void> {
  const bench = new Bench({ time: 0, iterations: rounds, warmup: false });
  // tinybench hands samples back sorted: the order in which they came is kept here.
  const taken: Sample[] = [];
  bench.add(
    name,
    async () => {
      const spinTurns = manner === 'spin' ? SPIN_TURNS : 0;
      const sample = sampleOf(await pair.round({ messages, spinTurns, isThorough: false }));
      taken.push(sample);
      return { overriddenDuration: sample.elapsedNs / 1e6 };
    },
    { async: true },
  );
  await bench.run();
  const { result } = bench.tasks[0] ?? {};
  if (result?.state === 'errored') throw result.error;
  samples[manner].push(...taken);
}

function sampleOf(reports: readonly RoundReport[]): Sample {
  const sum = (value: (report: RoundReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0);
  const fromPs = Math.max(...reports.map((report) => report.fromPs));
  const toPs = Math.max(...reports.map((report) => report.toPs));
  return {
    elapsedNs: fromPs < 0 || toPs < 0 ? 0 : (toPs - fromPs) / 1000,
    bytes: sum(({ bytes }) => bytes),
    messages: sum(({ messages }) => messages),
    latencyNs: joined(reports.map(({ latencyNs }) => latencyNs)),
    injectedNs: sum(({ injectedPs }) => injectedPs) / 1000,
    sleeps: sum(({ sleeps }) => sleeps),
    reports,
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
