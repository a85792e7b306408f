import type { Process } from '../../sim/process.js';
import { Task } from '../../xen/task.js';
import type { Channel, Endpoint, Listener, TransportDriver } from '../contract.js';
import { checkedDriver } from '../contract-check.js';
import { Gate } from '../gate.js';
import type { Guest } from '../guest.js';
import { type Holdings, holdingsOfThreads, readHoldings } from '../holdings.js';
import { Installation, type InstallationOptions } from '../installation.js';
import { End, sleep } from './end.js';
import { Pattern } from './pattern.js';
import { type Setting, settingName, testHardware } from './setting.js';

/** No run takes so much, in virtual time or events: one that does goes round in circles. */
const LONGEST_PS = 1000e12;
const MOST_EVENTS = 1e6;

export interface TrialOptions {
  readonly ringSizeBytes: number;
  /** Domains that connect, beside the one that listens. */
  readonly clients?: number;
  readonly onCrash?: 'preserve' | 'destroy';
  /** Limits that differ from what xl and xenstored give. */
  readonly guestLimits?: InstallationOptions['guestLimits'];
  readonly quotas?: InstallationOptions['quotas'];
}

/** What the two ends of a connection do. */
export interface PairBehaviour {
  server(end: End): Process;
  client(end: End): Process;
  /** How much later than the machine each starts, in picoseconds. */
  readonly latePs?: { readonly server?: number; readonly client?: number };
  /** Which side closes first, when both have done their part; the client, if it does not say. */
  readonly closesFirst?: 'server' | 'client';
}

const LIVE_SLOWNESS = 50;
/** Threads may wait long for a CPU: no transport gives up before, whatever it calls its timeouts. */
const LIVE_TIMEOUT_MS = 200_000;

function patience({ settings }: TransportDriver): Endpoint['options'] {
  const timeouts = Object.keys(settings).filter((name) => name.endsWith('TimeoutMs'));
  return Object.fromEntries(timeouts.map((name) => [name, LIVE_TIMEOUT_MS]));
}

/** So much later does the other side close. */
const CLOSE_LATER_PS = 300e6;

/**
 * One attempt at one check: an installation of its own, the transport under the contract check, and the processes that
 * the check starts. Guest 0 listens, the others connect.
 */
export class Trial {
  readonly driver: TransportDriver;
  readonly installation: Installation;
  private problem: string | undefined;
  private readonly tasks: Task[] = [];
  private readonly mayWait = new Set<Task>();
  private readonly patterns = new Map<number, Pattern>();

  constructor(
    driver: TransportDriver,
    readonly setting: Setting,
    private readonly options: TrialOptions,
  ) {
    const { clients = 1, onCrash = 'preserve', guestLimits = {}, quotas = {} } = options;
    const [serverType, clientType] = setting.guestTypes;
    this.driver = checkedDriver(driver);
    const hardware = testHardware(setting.nestedPaging);
    this.installation = new Installation({
      // The clients, the server, and dom0.
      hardware: setting.stage?.hardware(hardware, clients + 2) ?? hardware,
      guests: [
        { name: 'server', type: serverType },
        ...Array.from({ length: clients }, (_, i) => ({
          name: clients === 1 ? 'client' : `client-${i + 1}`,
          type: clientType,
        })),
      ],
      placement: setting.placement,
      limits: 'default',
      seed: setting.seed,
      onCrash,
      guestLimits,
      quotas,
    });
    this.driver.prepareDom0?.(this.installation.dom0);
    if (setting.stage === undefined) return;
    // Asked once, so that Xen has what the transport needs of it.
    this.driver.heldResources?.(this.installation.machine);
    setting.stage.goLive(this.installation);
  }

  /** So many times longer things may take than in the model: a thread has first to get a CPU. */
  get slowness(): number {
    return this.setting.stage === undefined ? 1 : LIVE_SLOWNESS;
  }

  get server(): Guest {
    return this.installation.guest(0);
  }

  get client(): Guest {
    return this.installation.guest(1);
  }

  get clients(): readonly Guest[] {
    return this.installation.guests.slice(1);
  }

  /** Bytes of ring that the protocol makes of what was asked for. */
  get ringSizeBytes(): number {
    const size = this.driver.ringSize(this.options.ringSizeBytes);
    return 'bytes' in size ? size.bytes : 0;
  }

  /** Largest whole message. */
  get largestBytes(): number {
    return this.driver.largestMessage(this.ringSizeBytes);
  }

  /** Where guest 0 listens for some of the others, or all. */
  endpoint(port = 1, clients: readonly Guest[] = this.clients): Endpoint {
    return {
      port,
      serverDomid: this.server.domid,
      clientDomids: clients.map((client) => client.domid),
      ringSizeBytes: this.options.ringSizeBytes,
      grantMode: this.setting.grantMode,
      options: this.setting.stage === undefined ? {} : patience(this.driver),
    };
  }

  /** A gate between processes of both ends. */
  gate(): Gate {
    return this.setting.stage?.gate() ?? new Gate();
  }

  /** Starts a process that must have ended when the machine has come to rest. */
  spawn(guest: Guest, name: string, process: Process<unknown>): Task {
    const { stage } = this.setting;
    const isElsewhere = stage !== undefined && !stage.isOwn(guest);
    const task = isElsewhere
      ? new Task(guest.vcpu, name, process)
      : guest.vcpu.spawn(name, process);
    this.tasks.push(task);
    return task;
  }

  /** This process may still be waiting at the end. */
  allowToWait(task: Task): void {
    this.mayWait.add(task);
  }

  /** Something is wrong: the first such word counts. */
  fail(problem: string): void {
    this.problem ??= problem;
  }

  /** Runs until the machine has come to rest. Returns what is wrong, or undefined. */
  run(): string | undefined {
    const { stage } = this.setting;
    try {
      if (stage === undefined) this.runMachine();
      else stage.carryOut();
    } catch (error) {
      this.fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
    // Who was told to give up was told so because of another.
    const problems = this.ofAll(this.problem ?? '').filter((problem) => problem !== '');
    const problem = problems.find((one) => !one.startsWith('LiveStopped')) ?? problems[0];
    if (problem !== undefined) this.problem = problem;
    const unfinished = this.ofAll(this.unfinished()).filter((waiting) => waiting !== '');
    if (unfinished.length > 0) this.fail(`no progress: ${unfinished.join('; ')}`);
    return this.problem === undefined
      ? undefined
      : `${this.problem} [${settingName(this.setting)}, ring ${this.options.ringSizeBytes}]`;
  }

  private runMachine(): void {
    const { machine } = this.installation;
    const stopped = machine.run({ timePs: machine.now + LONGEST_PS, events: MOST_EVENTS });
    if (stopped !== 'quiet') this.fail(`does not come to rest (${stopped}); ${this.unfinished()}`);
    machine.settleAccounts();
  }

  /** What the threads of all domains have to say, where each has one; else what there is to say. */
  private ofAll<T>(value: T): readonly T[] {
    const { stage } = this.setting;
    return stage === undefined
      ? [value]
      : stage.gather(value).filter((one): one is Awaited<T> => one !== undefined);
  }

  /** What a guest's own thread knows, where it has one. */
  asSeenBy<T>(guest: Guest, look: () => T): T {
    const { stage } = this.setting;
    return stage === undefined ? look() : (stage.gather(look())[guest.domid] as T);
  }

  /** What the connections hold, memory included: the ends' own buffers are given back when a pair is done. */
  holdings(): Holdings {
    const { stage } = this.setting;
    const held = readHoldings(this.installation, this.driver, true);
    return stage === undefined ? held : holdingsOfThreads(stage.gather(held));
  }

  /** Processes that have not ended, and what each waits for. */
  private unfinished(): string {
    const { stage } = this.setting;
    const waiting = this.tasks.filter(
      (task) =>
        task.state !== 'done' &&
        !this.mayWait.has(task) &&
        (stage === undefined || stage.isOwn(task.vcpu.domain)),
    );
    return waiting
      .map(({ vcpu, name, state, waitingFor }) => {
        const who = `${vcpu.domain.name}/${name}`;
        if (!vcpu.domain.isAlive) return `${who} crashed: ${vcpu.domain.crashReason}`;
        return state === 'blocked' ? `${who} waits for ${waitingFor}` : `${who} is ${state}`;
      })
      .join('; ');
  }

  /**
   * Connects a client to guest 0, lets both ends do their part, and closes when both have done it.
   *
   * @param port connections of one pair of domains at one time differ in it
   */
  pair(behaviour: PairBehaviour, port = 1, client: Guest = this.client): void {
    const done = [this.gate(), this.gate()] as const;
    this.spawn(this.server, `server ${port}`, this.serve(behaviour, port, client, done));
    this.spawn(client, `client ${port}`, this.request(behaviour, port, client, done));
  }

  private *serve(
    behaviour: PairBehaviour,
    port: number,
    client: Guest,
    [mine, other]: readonly [Gate, Gate],
  ): Process {
    const { server } = this;
    yield* sleep(server, behaviour.latePs?.server ?? 0);
    const accepted = yield* this.accept(port, [client]);
    if (accepted === undefined) return;
    const [listener, channel] = accepted;
    const end = this.end(server, channel, port, client);
    yield* behaviour.server(end);
    mine.open(server);
    yield* other.pass(server);
    if (behaviour.closesFirst !== 'server') yield* sleep(server, CLOSE_LATER_PS);
    yield* channel.close();
    yield* listener.close();
    end.release();
  }

  private *request(
    behaviour: PairBehaviour,
    port: number,
    client: Guest,
    [other, mine]: readonly [Gate, Gate],
  ): Process {
    yield* sleep(client, behaviour.latePs?.client ?? 0);
    const channel = yield* this.connect(client, port, [client]);
    if (channel === undefined) return;
    const end = this.end(client, channel, port, client);
    yield* behaviour.client(end);
    mine.open(client);
    yield* other.pass(client);
    if (behaviour.closesFirst === 'server') yield* sleep(client, CLOSE_LATER_PS);
    yield* channel.close();
    end.release();
  }

  /** Listens. Undefined where that failed, which the trial then knows. */
  *listen(port: number, clients: readonly Guest[]): Process<Listener | undefined> {
    const outcome = yield* this.driver.listen(this.server, this.endpoint(port, clients));
    if ('listener' in outcome) return outcome.listener;
    this.fail(`listen failed: ${outcome.failed}`);
    return undefined;
  }

  /** Listens and takes the first connection. Undefined where that failed, which the trial then knows. */
  *accept(
    port: number,
    clients: readonly Guest[],
  ): Process<readonly [Listener, Channel] | undefined> {
    const listener = yield* this.listen(port, clients);
    if (listener === undefined) return undefined;
    const outcome = yield* listener.accept();
    if ('channel' in outcome) return [listener, outcome.channel];
    this.fail(`accept failed: ${outcome.failed}`);
    return undefined;
  }

  /** Connects. Undefined where that failed, which the trial then knows. */
  *connect(guest: Guest, port: number, clients: readonly Guest[]): Process<Channel | undefined> {
    const outcome = yield* this.driver.connect(guest, this.endpoint(port, clients));
    if ('channel' in outcome) return outcome.channel;
    this.fail(`connect failed: ${outcome.failed}`);
    return undefined;
  }

  /** The end that a guest holds of the connection of a client through a port. */
  end(guest: Guest, channel: Channel, port: number, client: Guest): End {
    const towardsServer = this.pattern(client.domid * 1000 + 2 * port);
    const towardsClient = this.pattern(client.domid * 1000 + 2 * port + 1);
    const isServer = guest === this.server;
    return new End(guest, channel, {
      name: `${guest.domain.name} ${port}`,
      bufferBytes: 4 * this.ringSizeBytes + 16,
      outgoing: isServer ? towardsClient : towardsServer,
      incoming: isServer ? towardsServer : towardsClient,
      fail: (problem) => this.fail(problem),
    });
  }

  private pattern(number: number): Pattern {
    let pattern = this.patterns.get(number);
    if (pattern === undefined) {
      pattern = new Pattern(this.setting.seed * 1_000_000 + number);
      this.patterns.set(number, pattern);
    }
    return pattern;
  }
}
