import type { Features } from '../profiles/feature-list.js';

/** What a scheduler keeps for each vCPU. */
export interface Scheduled {
  /** credit2: picoseconds that it may still run before its turn is over. */
  credit: number;
}

/** credit2 takes a vCPU for preemptable a little early: 50 us of the usual 1 ms (CSCHED2_RATELIMIT_TICKLE_TOLERANCE). */
const TOLERANCE_PART = 20;
/** Shortest slice and largest credit that is carried over: 500 us of the usual 10 ms (CSCHED2_MIN_TIMER). */
const SHORTEST_PART = 20;

/**
 * The vCPUs that wait for one pCPU, and who goes first: as Xen's schedulers decide for pinned vCPUs of equal weight.
 *
 * - credit (xen/common/sched/credit.c): a vCPU that wakes is boosted, and gets the pCPU as soon as the running one has
 *   had it for the ratelimit. Otherwise they take turns by time slices.
 * - credit2 (xen/common/sched/credit2.c): the one with the most credit goes first. Running burns credit; when the next
 *   one has none, all get new. A vCPU that wakes gets the pCPU only if it has more credit *and* the running one has
 *   already had it for the ratelimit (tickle_score): if not, nothing reminds the scheduler of it later, and it waits until
 *   the running one blocks or its slice ends.
 */
export class RunQueue<V extends Scheduled> {
  private readonly waiting: V[] = [];
  /** The vCPUs that belong to this pCPU. */
  readonly residents: V[] = [];
  private readonly isCredit2: boolean;

  constructor(
    scheduler: Features['scheduler'],
    private readonly ratelimitPs: number,
    private readonly timeslicePs: number,
  ) {
    this.isCredit2 = scheduler === 'credit2';
  }

  /** A vCPU that belongs to this pCPU. */
  adopt(vcpu: V): void {
    vcpu.credit = this.timeslicePs;
    this.residents.push(vcpu);
  }

  /** A vCPU that is gone for good. */
  dismiss(vcpu: V): void {
    const at = this.residents.indexOf(vcpu);
    if (at >= 0) this.residents.splice(at, 1);
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Puts a vCPU in its place: behind all that have at least as much credit. */
  insert(vcpu: V): void {
    let at = this.waiting.length;
    if (this.isCredit2) {
      while (at > 0 && (this.waiting[at - 1] as V).credit < vcpu.credit) at--;
    }
    this.waiting.splice(at, 0, vcpu);
  }

  /** Takes the next one out. */
  shift(): V | undefined {
    return this.waiting.shift();
  }

  remove(vcpu: V): void {
    const at = this.waiting.indexOf(vcpu);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** A vCPU has run for so long. */
  burn(vcpu: V, ranPs: number): void {
    vcpu.credit = Math.max(vcpu.credit - ranPs, -this.timeslicePs);
  }

  /**
   * How long the running vCPU still keeps the pCPU from one that wakes: 0 for not at all, Infinity where nothing but
   * its own end, or that of its slice, gives the other a chance.
   *
   * @param ranPs time since it got the pCPU
   * @param unburntPs time of that for which it has not paid yet
   */
  wakeDelay(woken: V, running: V, ranPs: number, unburntPs: number): number {
    if (!this.isCredit2) return Math.max(0, this.ratelimitPs - ranPs);
    const preemptable = ranPs > this.ratelimitPs - this.ratelimitPs / TOLERANCE_PART;
    const richer = woken.credit > running.credit - unburntPs;
    return preemptable && richer ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Whether the scheduler, asked now, takes the pCPU from the running vCPU, whose credit is burnt up to now. */
  wantsChange(running: V, ranPs: number): boolean {
    const [next] = this.waiting;
    if (next === undefined) return false;
    return !this.isCredit2 || (ranPs >= this.ratelimitPs && next.credit > running.credit);
  }

  /** How long a vCPU may run that goes on, or is put on the pCPU, now (csched2_runtime). */
  slice(vcpu: V): number {
    const { timeslicePs } = this;
    if (!this.isCredit2 || timeslicePs === 0) return timeslicePs;
    if (vcpu.credit <= 0) this.reset(vcpu);
    const [next] = this.waiting;
    const until = next !== undefined && next.credit > 0 ? next.credit : 0;
    const shortest = Math.max(timeslicePs / SHORTEST_PART, this.ratelimitPs);
    return Math.min(Math.max(vcpu.credit - until, shortest), timeslicePs);
  }

  /** reset_credit: everybody gets new credit, and carries little of the old over. */
  private reset(next: V): void {
    const { timeslicePs } = this;
    const added = next.credit <= -timeslicePs ? 2 * timeslicePs : timeslicePs;
    const most = timeslicePs + timeslicePs / SHORTEST_PART;
    for (const vcpu of this.residents) vcpu.credit = Math.min(vcpu.credit + added, most);
  }
}
