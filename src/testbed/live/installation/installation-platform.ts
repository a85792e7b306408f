import type { Installation } from '../../../transport/installation.js';
import { SpinLock } from '../../../xen/spin-lock.js';
import type { PartOfMemory } from '../live-memory.js';
import { type LiveManner, LivePlatform } from '../live-platform.js';
import { STEPS_LEFT, threadWord } from '../shared-area.js';
import type { InstallationArea } from './installation-area.js';
import { Journal } from './journal.js';
import { LedgerMemory } from './ledger-memory.js';
import { RepeatingWords } from './repeating-words.js';
import { ThreadOrder } from './thread-order.js';

/** A domain that is stopped takes at most so many steps more: from one hypercall to the next there are fewer. */
const MOST_LAST_STEPS = 8;

/** Thread of the first guest. */
const SERVER = 1;

/** The parts of a machine of which every domain, dom0 included, is a thread that connects, closes and dies for itself. */
export class InstallationPlatform extends LivePlatform {
  override readonly firstDomid = 0;
  override readonly memory: LedgerMemory;
  override readonly words = new RepeatingWords(() => this.disturb());
  /** Undefined until the machine goes live. */
  order: ThreadOrder | undefined;
  private readonly journal: Journal;
  private readonly lock: SpinLock;

  constructor(
    override readonly area: InstallationArea,
    thread: number,
    manner: LiveManner,
    nowPs: () => number,
    private readonly stopThread: (thread: number) => void,
  ) {
    super(area, thread, manner, nowPs);
    this.memory = new LedgerMemory(area);
    this.journal = new Journal(area.journal, this.control);
    this.lock = new SpinLock(this);
  }

  /** The first guest serves all others, and needs as much as all of them. */
  override get partOfMemory(): PartOfMemory {
    const { thread } = this;
    const { threads } = this.area;
    const parts = 2 * threads - 1;
    if (thread === SERVER) return { first: SERVER, count: threads, parts };
    return { first: thread < SERVER ? thread : thread + threads - 1, count: 1, parts };
  }

  /** From now on hypercalls are ordered among the threads. */
  orderHypercalls(installation: Installation): void {
    this.order = new ThreadOrder(this, installation, this.journal, this.lock);
  }

  /** A domain that is about to be stopped goes a few steps further, and stands still between two of them. */
  override disturb(): void {
    const { control } = this;
    const word = threadWord(this.thread) + STEPS_LEFT;
    const left = Atomics.load(control, word);
    if (left > 1) Atomics.store(control, word, left - 1);
    while (left === 1) Atomics.wait(control, word, 1);
    super.disturb();
  }

  /** Ends the thread of a domain, at a place that nobody can foresee. Returns when it is gone. */
  stop(thread: number): void {
    const { control } = this;
    Atomics.store(control, threadWord(thread) + STEPS_LEFT, 1 + this.below(MOST_LAST_STEPS));
    this.stopThread(thread);
  }

  override takeNews(): void {
    this.order?.takeNews();
  }

  wakeAll(): void {
    for (let thread = 0; thread < this.area.threads; thread++) this.wake(thread);
  }
}
