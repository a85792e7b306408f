import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { inlineFastPaths } from './inlining.js';
import { describeLastStep, stepsOf } from './last-step.js';
import type { FromThread, LiveThreadData, RoundOrder } from './live-protocol.js';
import type { RoundReport } from './live-round.js';
import { type ControlArea, createControlArea, stopThreads } from './shared-area.js';

/** The two domains' names, as reasons call them. */
const NAMES = ['dom1 (receiver, server)', 'dom2 (sender, client)'];
/** A stopped thread ends within this time, or is ended. */
const STOP_GRACE_MS = 300;

/** What the two threads of a cell need beside their number. */
export type LivePairData = Omit<LiveThreadData, 'thread' | 'control' | 'frameBytes' | 'partner'>;

/** A thread died, hung or gave up: with its domain and what it did last. */
export class LiveFailure extends Error {
  override readonly name = 'LiveFailure';
}

/**
 * The two threads of a live cell. Whatever becomes of one - it fails, dies, or says nothing for too long - both are
 * ended, and the reason names the domain and its last step.
 */
export class LivePair {
  private readonly area: ControlArea;
  private readonly workers: Worker[];
  private waiting: { settle: (failure?: Error) => void; answers: FromThread[] } | undefined;
  private failure: Error | undefined;
  /** Each thread stays on a CPU of its own. */
  isPinned = false;

  private constructor(
    script: URL,
    data: LivePairData,
    frameBytes: number,
    private readonly patienceMs: number,
  ) {
    this.area = createControlArea(NAMES.length);
    const { port1, port2 } = new MessageChannel();
    const partners = [port1, port2];
    this.workers = NAMES.map((name, thread) => {
      const partner = partners[thread] as MessagePort;
      const control = this.area;
      const workerData: LiveThreadData = { ...data, control, frameBytes, thread, partner };
      const worker = new Worker(script, { workerData, name, transferList: [partner] });
      worker.on('message', (message: FromThread) => this.hear(message, thread));
      worker.on('error', (error) => this.fail(`${NAMES[thread]} died: ${error.message}`, thread));
      worker.on('exit', (code) =>
        this.fail(`${NAMES[thread]} ended by itself (exit code ${code})`, thread),
      );
      return worker;
    });
  }

  /**
   * Starts the threads, and waits until they are connected.
   *
   * @param frameBytes shared memory for the frames
   * @param patienceMs so long may a round take
   */
  static async start(
    script: URL,
    data: LivePairData,
    frameBytes: number,
    patienceMs: number,
  ): Promise<LivePair> {
    inlineFastPaths();
    const pair = new LivePair(script, data, frameBytes, patienceMs);
    const answers = await pair.answers();
    pair.isPinned = answers.every((answer) => 'ready' in answer && answer.isPinned);
    return pair;
  }

  /** Carries out one round. Throws LiveFailure; then the threads are gone. */
  async round(order: RoundOrder): Promise<readonly RoundReport[]> {
    const answers = this.answers();
    for (const worker of this.workers) worker.postMessage(order);
    return (await answers).flatMap((answer) => ('report' in answer ? [answer.report] : []));
  }

  /** Ends both threads. Their memory goes with them, and whoever waits for an answer is told so. */
  async end(): Promise<void> {
    this.failure ??= new LiveFailure('ended');
    stopThreads(this.area);
    for (const worker of this.workers) worker.removeAllListeners();
    try {
      await Promise.all(this.workers.map((worker) => worker.terminate()));
    } finally {
      this.waiting?.settle(this.failure);
    }
  }

  /** An answer of each thread. */
  private answers(): Promise<readonly FromThread[]> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const answers: FromThread[] = [];
      const timer = setTimeout(() => this.hang(), this.patienceMs);
      const settle = (failure?: Error): void => {
        clearTimeout(timer);
        this.waiting = undefined;
        if (failure === undefined) resolve(answers);
        else reject(failure);
      };
      this.waiting = { settle, answers };
    });
  }

  private hear(message: FromThread, thread: number): void {
    if ('failed' in message) {
      this.fail(`${NAMES[thread]}: ${message.failed}`, thread);
      return;
    }
    const { waiting } = this;
    if (waiting === undefined) return;
    waiting.answers.push(message);
    if (waiting.answers.length === this.workers.length) waiting.settle();
  }

  /** Nobody has answered for too long. Both are told to give up; what they say then is part of the reason. */
  private hang(): void {
    const before = NAMES.map((_, thread) => stepsOf(this.area, thread));
    const last = NAMES.map(
      (name, thread) => `${name}: last step ${describeLastStep(this.area, thread)}`,
    );
    setTimeout(() => {
      const still = NAMES.filter((_, thread) => stepsOf(this.area, thread) !== before[thread]);
      const moving = still.length === 0 ? 'nothing moves' : `${still.join(' and ')} still works`;
      const seconds = this.patienceMs / 1000;
      this.giveUp(new LiveFailure(`no end within ${seconds} s, and ${moving}; ${last.join('; ')}`));
    }, STOP_GRACE_MS);
  }

  private fail(what: string, thread: number): void {
    this.giveUp(new LiveFailure(`${what}; last step ${describeLastStep(this.area, thread)}`));
  }

  private giveUp(failure: Error): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    // What went wrong before is the better reason than that a thread could not be ended.
    this.end().catch(() => {});
  }
}
