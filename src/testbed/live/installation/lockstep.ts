import { Worker } from 'node:worker_threads';
import { describeLastStep } from '../last-step.js';
import { GONE, stopThreads, threadWord } from '../shared-area.js';
import { clearArea, createInstallationArea, type InstallationArea } from './installation-area.js';
import type { FromMember, Gathered, MemberData } from './lockstep-protocol.js';

/** Threads that are told to give up need no longer to say what they waited for. */
const GRACE_MS = 3000;

interface Member {
  readonly worker: Worker;
  readonly answers: Int32Array;
  /** It has come to the end of the program. */
  hasEnded: boolean;
  /** What it has said at this point. */
  said: Extract<FromMember, { kind: 'gather' }> | undefined;
}

/** A thread died, or they hang: with the domain of each and its last step. */
export class LockstepFailure extends Error {
  override readonly name = 'LockstepFailure';
}

/**
 * Starts threads that carry out the same program side by side, as many as the installations of the program have domains,
 * and gives the dead a successor.
 */
export class Lockstep {
  private readonly members: (Member | undefined)[] = [];
  private readonly history: Gathered[] = [];
  private readonly areas = new Map<number, InstallationArea>();
  private area: InstallationArea | undefined;
  private timer: NodeJS.Timeout | undefined;
  private settle: { resolve(result: unknown): void; reject(error: Error): void } | undefined;
  private isEnding = false;

  /**
   * @param script of a thread; it is given MemberData
   * @param patienceMs so long may it take from one point to the next
   */
  constructor(
    private readonly script: URL,
    private readonly task: unknown,
    private readonly patienceMs: number,
    private readonly graceMs = GRACE_MS,
  ) {}

  /** Carries the program out. Returns the result of thread 0. All threads are gone then, however it ends. */
  async run(): Promise<unknown> {
    try {
      return await new Promise((resolve, reject) => {
        this.settle = { resolve, reject };
        this.start(0);
        this.watch();
      });
    } finally {
      this.isEnding = true;
      clearTimeout(this.timer);
      await Promise.all(this.members.map((member) => member?.worker.terminate()));
    }
  }

  private start(thread: number): void {
    const answers = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const workerData: MemberData = { thread, history: this.history, answers, task: this.task };
    const worker = new Worker(this.script, { workerData, name: `dom${thread}` });
    const member: Member = {
      worker,
      answers: new Int32Array(answers),
      hasEnded: false,
      said: undefined,
    };
    this.members[thread] = member;
    worker.on('message', (message: FromMember) => {
      // What one has said that was ended since is no longer heard.
      if (this.members[thread] === member) this.hear(message, thread, member);
    });
    worker.on('error', (error) => this.fail(thread, `died: ${error.message}`));
    worker.on('exit', (code) => {
      if (this.members[thread] === member && !member.hasEnded)
        this.fail(thread, `ended by itself (exit code ${code})`);
    });
  }

  private hear(message: FromMember, thread: number, member: Member): void {
    switch (message.kind) {
      case 'gather':
        member.said = message;
        this.completePoint();
        break;
      case 'stop':
        void this.stop(message.thread, thread);
        break;
      case 'result':
        member.hasEnded = true;
        if (thread === 0) this.settle?.resolve(message.result);
        break;
    }
  }

  /** All have said what they had to, or somebody is missing who must be there. */
  private completePoint(): void {
    const present = this.members.filter((member) => member !== undefined);
    if (present.some(({ said }) => said === undefined)) return;
    const domains = present[0]?.said?.domains;
    const wanted = domains ?? 0;
    const missing = Array.from({ length: wanted }, (_, thread) => thread).filter(
      (thread) => this.members[thread] === undefined,
    );
    for (const thread of missing) this.start(thread);
    if (missing.length > 0) return;
    const values = Array.from(this.members, (member) => member?.said?.value);
    if (domains !== undefined) this.area = this.areaFor(domains);
    this.history.push({ values });
    const answer: Gathered =
      domains === undefined || this.area === undefined ? { values } : { values, area: this.area };
    this.watch();
    for (const member of present) member.said = undefined;
    for (const member of present) tell(member, answer);
  }

  private areaFor(domains: number): InstallationArea {
    let area = this.areas.get(domains);
    if (area === undefined) {
      area = createInstallationArea(domains);
      this.areas.set(domains, area);
    } else clearArea(area);
    return area;
  }

  /** Ends a thread for another, which waits for it. */
  private async stop(thread: number, asker: number): Promise<void> {
    const victim = this.members[thread];
    this.members[thread] = undefined;
    await victim?.worker.terminate();
    if (this.area !== undefined) {
      Atomics.store(new Int32Array(this.area.control), threadWord(thread) + GONE, 1);
    }
    const member = this.members[asker];
    if (member !== undefined) tell(member, { stopped: thread });
    // What it was to say is said by nobody now.
    this.completePoint();
  }

  private watch(): void {
    clearTimeout(this.timer);
    if (this.isEnding) return;
    const seconds = this.patienceMs / 1000;
    this.timer = setTimeout(() => this.giveUp(`no end within ${seconds} s`), this.patienceMs);
  }

  /** Not all come to the next point: they are told to give up, and may still say why. */
  giveUp(why: string): void {
    const failure = new LockstepFailure(`${why}; ${this.lastSteps()}`);
    if (this.area === undefined) {
      this.settle?.reject(failure);
      return;
    }
    stopThreads(this.area);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle?.reject(failure), this.graceMs);
  }

  private fail(thread: number, what: string): void {
    if (this.isEnding) return;
    const last =
      this.area === undefined ? '' : `; last step ${describeLastStep(this.area, thread)}`;
    this.settle?.reject(new LockstepFailure(`the thread of dom${thread} ${what}${last}`));
  }

  private lastSteps(): string {
    const { area } = this;
    if (area === undefined) return 'no installation has begun';
    return Array.from(
      { length: area.threads },
      (_, thread) => `dom${thread}: last step ${describeLastStep(area, thread)}`,
    ).join('; ');
  }
}

function tell({ worker, answers }: Member, message: unknown): void {
  worker.postMessage(message);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
}
