import type { Prng } from '../../base/prng.js';
import { PS_PER_US } from '../../base/units.js';
import { ORDER, type Process } from '../../sim/process.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  type HostileAct,
  type Listener,
  WOULD_BLOCK,
} from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import { GUEST_USER } from '../../xen/causes.js';
import { allocateBuffer } from '../payload.js';
import { CanaryPages } from './canary-pages.js';
import type { Stage } from './stage.js';
import { type Deed, tamper } from './tampering.js';

/** What the attacker achieved with one hostile state. */
export type Achievement =
  | 'nothing'
  | 'own channel stalled'
  | 'data corrupted but contained'
  | 'victim stopped'
  | 'escaped';

/** A hostile state: what was done (while a connection was made perhaps several things), and what that achieved. */
export interface HostileState {
  readonly acts: readonly string[];
  readonly published: string | undefined;
  readonly achievement: Achievement;
}

const MESSAGE_BYTES = 64;
/** The attack falls into this time after an honest message was sent. */
const LONGEST_DELAY_PS = 20 * PS_PER_US;
/** So long the victim has to answer an honest message. */
const ANSWER_PS = 400 * PS_PER_US;
const LOOK_PS = 20 * PS_PER_US;
const LONGEST_LOOK_PS = 1000 * PS_PER_US;
/** Deeds for one set-up at most; how long each waits at most (set-ups take very different times); how long it may take. */
const MOST_DEEDS = 4;
const TAMPER_PS = [5, 50, 500, 3000].map((us) => us * PS_PER_US);
const DISTURBED_SETUP_PS = 30_000 * PS_PER_US;
const SETUP_PS = 200_000 * PS_PER_US;
const CLOSE_PS = 20_000 * PS_PER_US;
/** Times in a row that no connection comes about before the siege is given up. */
const MOST_FAILURES = 3;

export const PHASES = ['transfer', 'setup', 'teardown'] as const;
export type Phase = (typeof PHASES)[number];

/** One connection between attacker and victim. */
interface Connection {
  readonly endpoint: Endpoint;
  attacker: Channel | undefined;
  victim: Channel | undefined;
  victimListener: Listener | undefined;
  attackerListener: Listener | undefined;
  acts: readonly HostileAct[];
  /** What was done to its set-up. */
  readonly deeds: Deed[];
  isOver: boolean;
  sent: number;
}

/**
 * A hostile program besieges a victim that answers every message. One state after another: an honest message, and at a
 * random moment of its way a field, a header or an argument takes a value that it should not have. Then it is looked at
 * what that achieved, and where the connection is spoilt a new one is made.
 */
export class Siege {
  readonly states: HostileState[] = [];
  /** How often each thing was achieved. */
  readonly tally = new Map<Achievement, number>();
  connections = 0;
  /** Why the siege ended before its states were all done. */
  brokenOff: string | undefined;
  private connection: Connection | undefined;
  private readonly canaries: CanaryPages;
  private readonly victimBuffer: number;
  private readonly out: number;
  private readonly into: number;
  private corrupted = false;
  private answers = 0;

  /**
   * @param count hostile states: first every act with every interesting value in turn, then random ones
   * @param phase when it happens: on a connection, while one is made, or while the victim closes one (in these each state
   *   has a connection of its own)
   */
  constructor(
    private readonly stage: Stage,
    private readonly attacker: Guest,
    private readonly victim: Guest,
    private readonly attackerIsServer: boolean,
    private readonly prng: Prng,
    private readonly count: number,
    private readonly phase: Phase = 'transfer',
  ) {
    this.canaries = new CanaryPages(victim);
    this.canaries.add();
    this.victimBuffer = allocateBuffer(victim, MESSAGE_BYTES);
    this.canaries.add();
    this.out = allocateBuffer(attacker, MESSAGE_BYTES);
    this.into = allocateBuffer(attacker, MESSAGE_BYTES);
  }

  get done(): number {
    return [...this.tally.values()].reduce((sum, one) => sum + one, 0);
  }

  /** The attacker's program. */
  *lay(): Process {
    if (this.phase === 'setup') yield* this.disturbAll();
    else if (this.phase === 'teardown') yield* this.disturbClosings();
    else yield* this.layAll();
    // A page that was changed and not looked at since: whoever did it, somebody got out of the ring.
    if (!this.canaries.areIntact) this.tally.set('escaped', (this.tally.get('escaped') ?? 0) + 1);
  }

  private *layAll(): Process {
    let boundary: readonly [HostileAct, number][] = [];
    for (let i = 0; i < this.count; i++) {
      if (!(yield* this.ready())) return;
      const { acts } = this.connection as Connection;
      if (acts.length === 0) {
        this.brokenOff = 'the transport says nothing of what a hostile peer can do';
        return;
      }
      if (i === 0) {
        boundary = acts.flatMap((act) => act.interesting.map((value) => [act, value] as const)) as [
          HostileAct,
          number,
        ][];
      }
      const chosen = boundary[i];
      const [act, value] =
        chosen === undefined
          ? this.random(acts)
          : [acts.find(({ name }) => name === chosen[0].name) ?? chosen[0], chosen[1]];
      yield* this.attempt(act, value);
      if (this.victimStopped()) return;
    }
  }

  /** The attacker tampers with what a set-up needs, at random moments of it. */
  private *disturbAll(): Process {
    for (let i = 0; i < this.count; i++) {
      if (this.connection !== undefined) yield* this.close(this.connection);
      this.corrupted = false;
      yield* this.open(this.prng.below(MOST_DEEDS) + 1);
      const connection = this.connection as Connection | undefined;
      const works =
        connection?.isOver === false &&
        (yield* this.ask()) &&
        (yield* this.answered(this.answers + 1));
      this.note(connection?.deeds ?? [], undefined, works);
      if (this.victimStopped()) return;
    }
  }

  private *tamperWith(connection: Connection, deeds: number): Process {
    const { prng } = this;
    for (let i = 0; i < deeds; i++) {
      yield* this.sleep(prng.below(TAMPER_PS[prng.below(TAMPER_PS.length)] as number));
      if (connection.isOver) return;
      yield* this.tamperOnce(connection);
    }
  }

  private *tamperOnce({ endpoint, deeds }: Connection): Process {
    const { attacker, victim, prng, stage } = this;
    const deed = yield* tamper(stage.world, attacker, victim, endpoint, prng);
    if (deed !== undefined) deeds.push(deed);
  }

  /** The victim lets go of a connection that works, and the attacker does meanwhile what it can. */
  private *disturbClosings(): Process {
    const { prng, victim } = this;
    for (let i = 0; i < this.count; i++) {
      if (!(yield* this.ready())) return;
      const connection = this.connection as Connection;
      this.connection = undefined;
      this.corrupted = false;
      const isClosed = this.closing(victim, connection);
      for (let deeds = prng.below(MOST_DEEDS) + 1; deeds > 0; deeds--) {
        yield* this.sleep(prng.below(LONGEST_DELAY_PS));
        if (prng.below(2) === 0 || connection.acts.length === 0) yield* this.tamperOnce(connection);
        else {
          const [act, value] = this.random(connection.acts);
          yield* act.act(value);
          connection.deeds.push(act);
        }
      }
      const hasEnded = yield* this.until(isClosed, CLOSE_PS);
      this.note(connection.deeds, undefined, hasEnded);
      if (this.victimStopped()) return;
      yield* this.until(this.closing(this.attacker, connection), CLOSE_PS);
    }
  }

  private victimStopped(): boolean {
    const { isAlive, crashReason } = this.victim.domain;
    if (!isAlive) this.brokenOff = `the victim stopped: ${crashReason}`;
    return !isAlive;
  }

  private random(acts: readonly HostileAct[]): [HostileAct, number] {
    const { prng } = this;
    const act = acts[prng.below(acts.length)] as HostileAct;
    const mask = act.bytes === 4 ? 0xffffffff : (1 << (8 * act.bytes)) - 1;
    switch (prng.below(4)) {
      case 0:
        return [act, prng.below(256) & mask];
      case 1: {
        const near = act.interesting[prng.below(act.interesting.length)] ?? 0;
        return [act, ((near + prng.below(17) - 8) & mask) >>> 0];
      }
      default:
        return [act, (prng.uint32() & mask) >>> 0];
    }
  }

  private *attempt(act: HostileAct, value: number): Process {
    const { attacker, prng } = this;
    this.corrupted = false;
    yield* this.ask();
    attacker.vcpu.pcpu.charge(GUEST_USER, prng.below(LONGEST_DELAY_PS));
    yield* act.act(value);
    yield* this.sleep(LOOK_PS);
    // Does the connection still carry honest messages?
    const before = this.answers;
    yield* this.answered(before + 1);
    const asked = yield* this.ask();
    const works = asked && (yield* this.answered(this.answers + 1));
    this.note([act], act.published, works);
    if (!works || this.corrupted) this.spoilt();
  }

  private judge(works: boolean, deeds: readonly Deed[]): Achievement {
    const { machine } = this.stage.world;
    if (
      !this.canaries.lookIntact ||
      CanaryPages.leakedIntoShared(machine) ||
      CanaryPages.leakedInto(this.attacker, this.into, MESSAGE_BYTES) ||
      CanaryPages.leakedInto(this.victim, this.victimBuffer, MESSAGE_BYTES)
    ) {
      return 'escaped';
    }
    if (!this.victim.domain.isAlive) return 'victim stopped';
    const sendsMessage = deeds.some((deed) => deed.sendsMessage === true);
    if (this.corrupted && !sendsMessage) return 'data corrupted but contained';
    return works ? 'nothing' : 'own channel stalled';
  }

  private note(deeds: readonly Deed[], published: string | undefined, works: boolean): void {
    const achievement = this.judge(works, deeds);
    this.tally.set(achievement, (this.tally.get(achievement) ?? 0) + 1);
    this.states.push({ acts: deeds.map(({ name }) => name), published, achievement });
  }

  /** Sends an honest message, if there is room for it. */
  private *ask(): Process<boolean> {
    const connection = this.connection as Connection;
    const channel = connection.attacker as Channel;
    this.attacker.memory.poke(this.out, message(connection.sent));
    for (;;) {
      const outcome = channel.trySend(this.out, MESSAGE_BYTES);
      if (outcome === AGAIN) yield ORDER;
      else {
        if (outcome === MESSAGE_BYTES) connection.sent++;
        return outcome === MESSAGE_BYTES;
      }
    }
  }

  /** Takes answers for a while. Returns whether so many have come. */
  private *answered(wanted: number): Process<boolean> {
    const channel = (this.connection as Connection).attacker as Channel;
    const endPs = this.attacker.vcpu.pcpu.clock + ANSWER_PS;
    for (;;) {
      const outcome = channel.tryReceive(this.into, MESSAGE_BYTES);
      if (outcome === AGAIN) yield ORDER;
      else if (outcome >= 0) this.answers++;
      else if (outcome !== WOULD_BLOCK) return false;
      if (this.answers >= wanted) return true;
      if (outcome === WOULD_BLOCK) {
        if (this.attacker.vcpu.pcpu.clock >= endPs) return false;
        yield* this.sleep(LOOK_PS);
      }
    }
  }

  private spoilt(): void {
    if (this.connection !== undefined) this.connection.isOver = true;
  }

  /** Makes a connection where there is none that works. */
  private *ready(): Process<boolean> {
    for (let failures = 0; failures < MOST_FAILURES; failures++) {
      if (this.connection?.isOver === false) return true;
      if (this.connection !== undefined) yield* this.close(this.connection);
      yield* this.open();
    }
    if (this.connection?.isOver === false) return true;
    this.brokenOff = 'no new connection came about';
    return false;
  }

  /** @param deeds hostile deeds while it is made */
  private *open(deeds = 0): Process {
    const { attacker, victim } = this;
    const [server, client] = this.attackerIsServer ? [attacker, victim] : [victim, attacker];
    const connection: Connection = {
      endpoint: this.stage.world.endpoint(1000 + ++this.connections, server, [client]),
      attacker: undefined,
      victim: undefined,
      victimListener: undefined,
      attackerListener: undefined,
      acts: [],
      deeds: [],
      isOver: false,
      sent: 0,
    };
    this.connection = connection;
    victim.vcpu.spawn(`victim ${this.connections}`, this.answer(connection));
    this.canaries.add();
    attacker.vcpu.spawn(`attacker ${this.connections}`, this.knock(connection));
    if (deeds > 0) attacker.vcpu.spawn('tampering', this.tamperWith(connection, deeds));
    const isUp = (): boolean =>
      connection.attacker !== undefined && connection.victim !== undefined;
    const longestPs = deeds > 0 ? DISTURBED_SETUP_PS : SETUP_PS;
    if (!(yield* this.until(isUp, longestPs))) connection.isOver = true;
  }

  /** Where a set-up is disturbed the two do not begin together, so that a deed may come before either. */
  private *hesitate({ vcpu }: Guest): Process {
    if (this.phase !== 'setup') return;
    const ps = this.prng.below(TAMPER_PS[this.prng.below(TAMPER_PS.length - 1)] as number);
    yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + ps);
  }

  private *knock(connection: Connection): Process {
    yield* this.hesitate(this.attacker);
    const channel = yield* this.opened(this.attacker, connection, 'attackerListener');
    connection.acts = channel?.hostileActs?.() ?? [];
    connection.attacker = channel;
  }

  /** The victim's program: it answers every message with the same. */
  private *answer(connection: Connection): Process {
    yield* this.hesitate(this.victim);
    const channel = yield* this.opened(this.victim, connection, 'victimListener');
    connection.victim = channel;
    if (channel === undefined) return;
    for (let expected = 0; !connection.isOver; ) {
      const outcome = channel.tryReceive(this.victimBuffer, MESSAGE_BYTES);
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
      else if (outcome < 0) return;
      else {
        const sound =
          outcome === MESSAGE_BYTES &&
          this.victim.memory.equals(this.victimBuffer, message(expected), 0, MESSAGE_BYTES);
        if (sound) expected++;
        else this.corrupted = true;
        if (!(yield* this.reply(channel, connection))) return;
      }
    }
  }

  private *reply(channel: Channel, connection: Connection): Process<boolean> {
    while (!connection.isOver) {
      const outcome = channel.trySend(this.victimBuffer, MESSAGE_BYTES);
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilWritable();
      else return outcome >= 0;
    }
    return false;
  }

  private *opened(
    guest: Guest,
    connection: Connection,
    listenerOf: 'victimListener' | 'attackerListener',
  ): Process<Channel | undefined> {
    const { driver } = this.stage.world;
    const { endpoint } = connection;
    if (guest.domid !== endpoint.serverDomid) {
      const outcome = yield* driver.connect(guest, endpoint);
      return 'channel' in outcome ? outcome.channel : undefined;
    }
    const listening = yield* driver.listen(guest, endpoint);
    if (!('listener' in listening)) return undefined;
    connection[listenerOf] = listening.listener;
    const outcome = yield* listening.listener.accept();
    return 'channel' in outcome ? outcome.channel : undefined;
  }

  /** Both let go. Neither is waited for longer than a while: a spoilt connection may never end. */
  private *close(connection: Connection): Process {
    const ends = [
      this.closing(this.attacker, connection),
      this.closing(this.victim, connection),
    ] as const;
    yield* this.until(() => ends.every((isClosed) => isClosed()), CLOSE_PS);
  }

  /** One of the two begins to let go. Returns what tells whether it has. */
  private closing({ vcpu }: Guest, connection: Connection): () => boolean {
    connection.isOver = true;
    const task =
      vcpu === this.attacker.vcpu
        ? vcpu.spawn('attacker closes', closed(connection.attacker, connection.attackerListener))
        : vcpu.spawn('victim closes', closed(connection.victim, connection.victimListener));
    return () => task.state === 'done';
  }

  /** The attacker waits until something is so, looking less and less often; not for a victim that has stopped. */
  private *until(isSo: () => boolean, longestPs: number): Process<boolean> {
    const endPs = this.attacker.vcpu.pcpu.clock + longestPs;
    let lookPs = LOOK_PS;
    while (!isSo()) {
      if (this.attacker.vcpu.pcpu.clock > endPs || !this.victim.domain.isAlive) return false;
      yield* this.sleep(lookPs);
      lookPs = Math.min(2 * lookPs, LONGEST_LOOK_PS);
    }
    return true;
  }

  private *sleep(ps: number): Process {
    const { vcpu } = this.attacker;
    yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + ps);
  }
}

function* closed(channel: Channel | undefined, listener: Listener | undefined): Process {
  yield* channel?.close() ?? nothing();
  yield* listener?.close() ?? nothing();
}

function* nothing(): Process {}

const words = new Uint32Array(MESSAGE_BYTES / 4);
const bytes = Buffer.from(words.buffer);

/** An honest message: its number, and words that follow from it. The buffer is used again. */
function message(number: number): Buffer {
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(number + i + 1, 0x9e3779b1);
  return bytes;
}
