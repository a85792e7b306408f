import type { Installation } from '../../../transport/installation.js';
import { meet } from '../barrier.js';
import { DomainThread } from '../domain-thread.js';
import { BUSY, GONE, RESTS_AT, RUN_AT_REST, threadWord, WAKE } from '../shared-area.js';
import type { InstallationPlatform } from './installation-platform.js';

/**
 * One domain of an installation, on its thread: runs until no domain has anything left to do, as the model's machine
 * does.
 */
export class InstallationThread extends DomainThread {
  private runs = 0;

  constructor(
    private readonly whole: InstallationPlatform,
    installation: Installation,
  ) {
    super(whole, installation);
    Atomics.store(whole.control, this.word + RESTS_AT, BUSY);
    whole.orderHypercalls(installation);
  }

  /** Lets this domain's tasks go on until all domains have come to rest. All threads call it. */
  untilRest(): void {
    const { area, control } = this.whole;
    this.runs++;
    meet(area, control);
    this.takeEvents();
    this.finishAll();
    Atomics.store(control, this.word + RESTS_AT, BUSY);
  }

  /**
   * What this thread's copy of the machine says of all domains: at rest the same in every thread. What lies in frames and
   * words is shared, and no part of it.
   */
  fingerprint(): string {
    this.whole.takeNews();
    const { machine, xenstored } = this.installation;
    const domains = [...machine.allDomains()].map(
      ({ domid, state, grantTable, eventChannels }) => ({
        domid,
        state,
        mappings: grantTable.mappedCount,
        xenstore: xenstored.store.usage(domid),
        ports: [...eventChannels.all()].map((port) =>
          [port.number, port.state, port.remoteDomid, port.remotePort, port.virq].join(' '),
        ),
      }),
    );
    return JSON.stringify({ domains, words: machine.words.length });
  }

  protected override get isOver(): boolean {
    return Atomics.load(this.whole.control, RUN_AT_REST) >= this.runs;
  }

  protected override sleep(wake: number, seen: number): void {
    const { control } = this.whole;
    if (!this.guest.vcpu.kernel.hasSleepers) {
      Atomics.store(control, this.word + RESTS_AT, seen);
      if (this.allRest()) {
        Atomics.store(control, RUN_AT_REST, this.runs);
        this.whole.wakeAll();
        return;
      }
    }
    super.sleep(wake, seen);
    Atomics.store(control, this.word + RESTS_AT, BUSY);
  }

  /**
   * Whether no domain has anything to do. Each that rests was last woken before it said so, and only others wake it: where
   * all are found at rest twice, with no wake-up between, there was a moment at which nobody could wake anybody.
   */
  private allRest(): boolean {
    const { control, area } = this.whole;
    const seen: number[] = [];
    for (const isFirst of [true, false]) {
      for (let thread = 0; thread < area.threads; thread++) {
        const word = threadWord(thread);
        const wakeUps = Atomics.load(control, word + WAKE);
        if (Atomics.load(control, word + GONE) === 0) {
          if (Atomics.load(control, word + RESTS_AT) !== wakeUps) return false;
          if (isFirst) seen[thread] = wakeUps;
          else if (seen[thread] !== wakeUps) return false;
        }
      }
    }
    return true;
  }
}
