/** Something that happens at a moment of virtual time. */
export interface EventTarget {
  /** @param argument the integer given when the event was scheduled */
  fire(timePs: number, argument: number): void;
}

/**
 * Pending events in order of (time, priority, sequence): equal times are told apart by priority, then by the order in
 * which they were scheduled, so a run never depends on the heap's inner order.
 *
 * A binary heap over typed arrays: twice as fast as one of objects. While an event is carried out its place at the root
 * stays vacant, for most events schedule another one, which then goes there.
 */
export class EventQueue {
  private times = new Float64Array(32);
  /** priority * 2^45 + sequence: one comparison for both. */
  private orders = new Float64Array(32);
  private targets: (EventTarget | undefined)[] = new Array(32).fill(undefined);
  private values = new Int32Array(32);
  /** Places in use, the vacant one among them. */
  private count = 0;
  private vacant = false;
  private sequence = 0;

  /** Time of the earliest event, Infinity when there is none. Read often: kept as a field. */
  nextTime = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.vacant ? this.count - 1 : this.count;
  }

  /** Number of events ever scheduled. */
  get scheduled(): number {
    return this.sequence;
  }

  /**
   * @param argument an integer of 32 bits
   * @param priority 0 to 127; the lower goes first at equal times
   */
  push(timePs: number, target: EventTarget, argument = 0, priority = 64): void {
    const order = priority * 35184372088832 + this.sequence++;
    if (this.vacant) {
      this.vacant = false;
      this.sinkFromRoot(this.count, timePs, order, target, argument);
    } else {
      if (this.count === this.times.length) this.grow();
      this.rise(this.count++, timePs, order, target, argument);
    }
    this.nextTime = this.times[0] as number;
  }

  /** Takes out the earliest event and fires it. Returns false when there is none. */
  fireNext(): boolean {
    // Vacant still: an event's target has thrown.
    if (this.vacant) this.closeRoot();
    if (this.count === 0) return false;
    const { times } = this;
    const time = times[0] as number;
    const target = this.targets[0] as EventTarget;
    const argument = this.values[0] as number;
    this.vacant = true;
    this.nextTime =
      this.count > 2
        ? Math.min(times[1] as number, times[2] as number)
        : this.count === 2
          ? (times[1] as number)
          : Number.POSITIVE_INFINITY;
    target.fire(time, argument);
    if (this.vacant) this.closeRoot();
    return true;
  }

  /** Nothing has come to the vacant root: the last event goes there. */
  private closeRoot(): void {
    this.vacant = false;
    const last = --this.count;
    if (last > 0) {
      this.sinkFromRoot(
        last,
        this.times[last] as number,
        this.orders[last] as number,
        this.targets[last] as EventTarget,
        this.values[last] as number,
      );
    }
    this.targets[last] = undefined;
    this.nextTime = last === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  /** Puts an event at a place at the end, or nearer to the root. */
  private rise(
    place: number,
    time: number,
    order: number,
    target: EventTarget,
    value: number,
  ): void {
    const { times, orders, targets, values } = this;
    let hole = place;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent] as number;
      if (parentTime < time) break;
      if (parentTime === time && (orders[parent] as number) < order) break;
      times[hole] = parentTime;
      orders[hole] = orders[parent] as number;
      targets[hole] = targets[parent];
      values[hole] = values[parent] as number;
      hole = parent;
    }
    times[hole] = time;
    orders[hole] = order;
    targets[hole] = target;
    values[hole] = value;
  }

  /** Puts an event at the root, or further down among the first `end` places. */
  private sinkFromRoot(
    end: number,
    time: number,
    order: number,
    target: EventTarget,
    value: number,
  ): void {
    const { times, orders, targets, values } = this;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= end) break;
      let childTime = times[child] as number;
      const right = child + 1;
      if (right < end) {
        const rightTime = times[right] as number;
        if (
          rightTime < childTime ||
          (rightTime === childTime && (orders[right] as number) < (orders[child] as number))
        ) {
          child = right;
          childTime = rightTime;
        }
      }
      if (childTime > time) break;
      if (childTime === time && (orders[child] as number) > order) break;
      times[hole] = childTime;
      orders[hole] = orders[child] as number;
      targets[hole] = targets[child];
      values[hole] = values[child] as number;
      hole = child;
    }
    times[hole] = time;
    orders[hole] = order;
    targets[hole] = target;
    values[hole] = value;
  }

  private grow(): void {
    const size = this.times.length * 2;
    const times = new Float64Array(size);
    times.set(this.times);
    this.times = times;
    const orders = new Float64Array(size);
    orders.set(this.orders);
    this.orders = orders;
    const values = new Int32Array(size);
    values.set(this.values);
    this.values = values;
    this.targets.length = size;
  }
}
