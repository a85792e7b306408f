import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { InstallationArea } from './installation-area.js';
import type { FromMember, Gathered, MemberData } from './lockstep-protocol.js';

/** A thread's own end of a lockstep: each call waits for all others. */
export class LockstepMember {
  private readonly history: Gathered[];
  private readonly answers: Int32Array;

  constructor(
    private readonly port: MessagePort,
    readonly data: MemberData,
  ) {
    this.history = [...data.history];
    this.answers = new Int32Array(data.answers);
  }

  /** What every thread says at this point, by thread. */
  gather(value: unknown): readonly unknown[] {
    return this.tell({ kind: 'gather', value }).values;
  }

  /** An installation begins. Returns where it lies; undefined where this thread has come too late for it. */
  begin(domains: number): InstallationArea | undefined {
    return this.tell({ kind: 'gather', value: undefined, domains }).area;
  }

  /** Ends another thread where it stands. Returns when it is gone. */
  stop(thread: number): void {
    this.say({ kind: 'stop', thread });
    this.answer();
  }

  /** The end of the program. */
  end(result: unknown): void {
    this.say({ kind: 'result', result });
  }

  private tell(message: FromMember): Gathered {
    const past = this.history.shift();
    if (past !== undefined) return past;
    this.say(message);
    return this.answer() as Gathered;
  }

  private say(message: FromMember): void {
    this.port.postMessage(message);
  }

  private answer(): unknown {
    for (;;) {
      const seen = Atomics.load(this.answers, 0);
      const received = receiveMessageOnPort(this.port) as { message: unknown } | undefined;
      if (received !== undefined) return received.message;
      Atomics.wait(this.answers, 0, seen);
    }
  }
}
