import { InvariantViolation, invariant } from '../../base/errors.js';
import type { Process } from '../../sim/process.js';
import type { Guest } from '../../transport/guest.js';
import type { Installation } from '../../transport/installation.js';
import { ENTRY_HLT } from '../../xen/causes.js';
import { SCHED_BLOCK } from '../../xen/counters.js';
import type { Task } from '../../xen/task.js';
import { meet } from './barrier.js';
import { type LivePlatform, LiveStopped } from './live-platform.js';
import type { LiveUpcalls } from './live-upcalls.js';
import { FINGERPRINT, SLEEPING, STOP, shutGates, threadWord, WAKE } from './shared-area.js';

/** Grants that each domain may have in force: room for them is made before the table is shared. */
const GRANTS = 1024;
/** A sleep that nothing ends is cut, so that a thread that is told to stop between two looks sees it. */
const LONGEST_SLEEP_MS = 1000;
/** So long may a sender need between setting an event pending and the wake-up: it may have lost its CPU. */
const WAKE_GRACE_MS = 500;

/**
 * One live domain: a thread that has set up the whole machine like all others, and from then on carries out the tasks of
 * its own guest only. Waiting is Atomics.wait, after a spin if one is wanted.
 */
export class DomainThread {
  readonly guest: Guest;
  /** Turns that it looks for a wake-up before it sleeps; 0: it sleeps at once. */
  spinTurns = 0;
  /** Times that it really slept. */
  sleeps = 0;
  protected readonly word: number;

  /** The installation must have come to rest, and the shared frames are zero. All threads do this at the same time. */
  constructor(
    readonly platform: LivePlatform,
    readonly installation: Installation,
  ) {
    const guest = platform.thread + platform.firstDomid - 1;
    this.guest = guest < 0 ? installation.dom0 : installation.guest(guest);
    this.word = threadWord(platform.thread);
    this.goLive();
  }

  private goLive(): void {
    const { platform, installation, guest } = this;
    const { area, control, memory, words, thread } = platform;
    for (const { domain } of installation.guests) domain.grantTable.makeRoom(GRANTS);
    const fingerprint = (memory.usedBytes ^ Math.imul(words.length, 0x9e3779b1)) | 0;
    meet(area, control);
    if (thread === 0) {
      memory.copyInto(area.frames);
      words.copyInto(new Int32Array(area.words));
      Atomics.store(control, FINGERPRINT, fingerprint);
      shutGates(control);
    }
    meet(area, control);
    invariant(
      Atomics.load(control, FINGERPRINT) === fingerprint,
      'the threads have set up different machines',
      { thread },
    );
    memory.share(area.frames, platform.mover, platform.partOfMemory);
    words.share(area.words);
    platform.trace.share(control, this.word);
    platform.goLive();
    guest.vcpu.state = 'running';
    // What the scheduler of the model would do at an interrupt is done here.
    guest.vcpu.scheduledIn = true;
    installation.machine.executing = guest.vcpu;
    meet(area, control);
  }

  /** Carries out a process of this guest, and whatever else the guest has to do meanwhile, until it ends. */
  run(name: string, process: Process): void {
    const { vcpu } = this.guest;
    const task = vcpu.spawn(name, process);
    this.finish([task]);
    vcpu.tasks.splice(vcpu.tasks.indexOf(task), 1);
  }

  /** Lets tasks of this guest go on until they all have ended. */
  finish(tasks: readonly Task[]): void {
    const { vcpu } = this.guest;
    while (tasks.some(({ state }) => state !== 'done')) {
      const next = vcpu.readyTasks.shift();
      if (next === undefined) this.wait();
      else resume(next);
    }
  }

  /** Lets whatever this guest has to do go on until `wait` says that there is an end. */
  finishAll(): void {
    const { vcpu } = this.guest;
    for (;;) {
      const next = vcpu.readyTasks.shift();
      if (next !== undefined) resume(next);
      else if (!this.wait()) return;
    }
  }

  /** Whether waiting makes no sense any more. */
  protected get isOver(): boolean {
    return false;
  }

  /** Waits until a task is ready. Returns false where none will be. */
  private wait(): boolean {
    const { control } = this.platform;
    const { vcpu } = this.guest;
    const wake = this.word + WAKE;
    for (;;) {
      const seen = Atomics.load(control, wake);
      if (Atomics.load(control, STOP) !== 0) throw new LiveStopped(this.whoWaits());
      this.takeEvents();
      if (vcpu.readyTasks.length > 0) return true;
      if (this.isOver) return false;
      if (this.spin(wake, seen)) continue;
      this.sleep(wake, seen);
    }
  }

  /** Lets the guest know what has happened since it last looked: the time, events, news of other threads. */
  protected takeEvents(): void {
    const { machine, pcpu, upcalls } = this.guest.vcpu;
    const { queue } = machine;
    machine.now = this.platform.nowPs();
    pcpu.clock = machine.now;
    (upcalls as LiveUpcalls).takePending();
    while (queue.nextTime <= machine.now) queue.fireNext();
    this.platform.takeNews();
    this.platform.lookAtGates();
  }

  /** Looks for a wake-up. Returns whether one has come, or a timer is due. */
  private spin(wake: number, seen: number): boolean {
    const { control } = this.platform;
    for (let turn = 0; turn < this.spinTurns; turn++) {
      if (Atomics.load(control, wake) !== seen) return true;
    }
    return false;
  }

  protected sleep(wake: number, seen: number): void {
    const { control } = this.platform;
    const { vcpu } = this.guest;
    if (vcpu.domain.type === 'pvh') vcpu.exit(ENTRY_HLT);
    else vcpu.enter(SCHED_BLOCK);
    const { nextTime } = vcpu.machine.queue;
    const untilTimerMs = (nextTime - this.platform.nowPs()) / 1e9;
    const ms = Math.min(LONGEST_SLEEP_MS, Math.max(0, untilTimerMs));
    this.sleeps++;
    Atomics.store(control, this.word + SLEEPING, 1);
    const end = Atomics.wait(control, wake, seen, ms);
    Atomics.store(control, this.word + SLEEPING, 0);
    if (end === 'timed-out') this.checkWakeUps(wake, seen);
  }

  /** Invariant: whoever makes an event pending wakes the domain at once. Else it would sleep over it. */
  private checkWakeUps(wake: number, seen: number): void {
    const { control } = this.platform;
    const isLost = (): boolean =>
      (this.guest.vcpu.upcalls as LiveUpcalls).hasPending && Atomics.load(control, wake) === seen;
    if (!isLost()) return;
    // The sender may be between its two steps, without a CPU.
    Atomics.wait(control, wake, seen, WAKE_GRACE_MS);
    if (isLost()) {
      throw new InvariantViolation('an event is pending, and nobody woke the domain', {
        domid: this.guest.domid,
      });
    }
  }

  /** The tasks of this guest that wait, and for what. */
  whoWaits(): string {
    const { vcpu, domain } = this.guest;
    const waiting = vcpu.tasks
      .filter((task) => task.state === 'blocked')
      .map((task) => `${domain.name}/${task.name} waits for ${task.waitingFor}`);
    return waiting.length === 0 ? `${domain.name} waits for nothing` : waiting.join('; ');
  }
}

/** Lets a task go on until it waits or ends. */
function resume(task: Task): void {
  if (task.untilItWaits()) task.state = 'done';
}
