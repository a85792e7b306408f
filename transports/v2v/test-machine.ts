import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  type GrantMode,
  outcomeName,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { Installation, type InstallationOptions } from '../../src/transport/installation.js';
import type { DomainLimits, GuestType } from '../../src/xen/domain.js';
import type { Machine } from '../../src/xen/machine.js';
import type { XenstoreQuotas } from '../../src/xen/xenstore/protocol.js';
import type { Xenstored } from '../../src/xen/xenstore/xenstored.js';
import type { V2vEnd } from './end.js';
import { v2v } from './index.js';
import { SUPPLICANT_FIELDS, TEMPLE_FIELDS } from './layout.js';
import type { V2vListener } from './listener.js';
import { MessageRings } from './message-ring.js';

export type Hardware = InstallationOptions['hardware'];

export interface TestMachineOptions {
  readonly guests?: number;
  readonly type?: GuestType;
  readonly seed?: number;
  readonly limits?: Partial<DomainLimits>;
  readonly quotas?: Partial<XenstoreQuotas>;
  readonly broker?: boolean;
}

/** For this transport's tests: a machine with dom0, xenstored, the broker and guests, each on a pCPU of its own. */
export class TestMachine {
  readonly installation: Installation;

  constructor(hardware: Hardware, options: TestMachineOptions = {}) {
    const { guests = 2, type = 'pvh', seed = 1, limits, quotas } = options;
    this.installation = new Installation({
      hardware,
      guests: Array.from({ length: guests }, (_, i) => ({ name: `guest${i}`, type })),
      placement: 'own',
      limits: 'default',
      seed,
      ...(limits === undefined ? {} : { guestLimits: limits }),
      ...(quotas === undefined ? {} : { quotas }),
    });
    if (options.broker !== false) v2v.prepareDom0?.(this.dom0);
  }

  get machine(): Machine {
    return this.installation.machine;
  }

  get xenstored(): Xenstored {
    return this.installation.xenstored;
  }

  get dom0(): Guest {
    return this.installation.dom0;
  }

  get guests(): readonly Guest[] {
    return this.installation.guests;
  }

  guest(index: number): Guest {
    return this.installation.guest(index);
  }

  /** Guest 0 serves all the others. */
  endpoint(settings: Partial<Endpoint> = {}): Endpoint {
    const [server, ...clients] = this.guests.map((guest) => guest.domid) as [number, ...number[]];
    return {
      port: 7,
      serverDomid: server,
      clientDomids: clients,
      ringSizeBytes: 65536,
      grantMode: 'persistent' as GrantMode,
      options: {},
      ...settings,
    };
  }

  spawn(guest: Guest, name: string, process: Process<unknown>): void {
    guest.vcpu.spawn(name, process);
  }

  /** Connects guest 1 to guest 0, and lets each do its part. */
  pair(
    endpoint: Endpoint,
    server: (channel: V2vEnd, listener: V2vListener) => Process<unknown>,
    client: (channel: V2vEnd) => Process<unknown>,
  ): void {
    const [listening, connecting] = [this.guest(0), this.guest(1)];
    this.spawn(
      listening,
      'server',
      (function* () {
        const outcome = yield* v2v.listen(listening, endpoint);
        if (!('listener' in outcome)) throw new Error(outcome.failed);
        const accepted = yield* outcome.listener.accept();
        if (!('channel' in accepted)) throw new Error(accepted.failed);
        yield* server(accepted.channel as V2vEnd, outcome.listener as V2vListener);
      })(),
    );
    this.spawn(
      connecting,
      'client',
      (function* () {
        const outcome = yield* v2v.connect(connecting, endpoint);
        if (!('channel' in outcome)) throw new Error(outcome.failed);
        yield* client(outcome.channel as V2vEnd);
      })(),
    );
  }

  /** Names of the tasks of guests that have not ended, with what they wait for. */
  stuck(): string[] {
    return this.guests.flatMap((guest) =>
      guest.vcpu.tasks
        .filter((task) => task.state !== 'done')
        .map((task) => `${task.name}: ${task.waitingFor}`),
    );
  }

  /** What is in use of all that a connection takes, for showing that it is all given back. */
  resources(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const guest of this.guests) {
      const { domain, domid } = guest;
      counts[`dom${domid} ports`] = domain.eventChannels.count;
      counts[`dom${domid} grants`] = domain.grantTable.grantedCount;
      counts[`dom${domid} mappings`] = domain.grantTable.mappedCount;
      const usage = this.xenstored.store.usage(domid);
      counts[`dom${domid} nodes`] = usage?.nodes ?? 0;
      counts[`dom${domid} watches`] = usage?.watches ?? 0;
      counts[`dom${domid} transactions`] = usage?.transactions ?? 0;
    }
    counts['connections in xenstore'] = this.connections().length;
    counts['frames'] = this.machine.memory.allocatedFrames;
    return counts;
  }

  connections(): readonly string[] {
    const result = this.xenstored.store.directory(0, '/v2v');
    return result.ok ? result.value : [];
  }
}

/** Calls a plain function of a channel until it has an answer that is not AGAIN, waiting where it blocks. */
export function* until(
  step: () => number,
  wait: () => Process<unknown>,
  giveUp = false,
): Process<number> {
  for (;;) {
    const outcome = step();
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK && !giveUp) yield* wait();
    else return outcome;
  }
}

export function* send(channel: Channel, address: number, length: number): Process<void> {
  const outcome = yield* until(
    () => channel.trySend(address, length),
    () => channel.waitUntilWritable(),
  );
  if (outcome !== length) throw new Error(`send: ${outcomeName(outcome)}`);
}

export function* receive(channel: Channel, address: number, length: number): Process<number> {
  return yield* until(
    () => channel.tryReceive(address, length),
    () => channel.waitUntilReadable(),
  );
}

/** Writes all of a buffer as a stream. */
export function* writeAll(channel: Channel, address: number, length: number): Process<void> {
  for (let done = 0; done < length; ) {
    const outcome = yield* until(
      () => channel.write(address + done, length - done),
      () => channel.waitUntilWritable(),
    );
    if (outcome < 0) throw new Error(`write: ${outcomeName(outcome)}`);
    done += outcome;
  }
}

/** Reads a stream until a buffer is full. */
export function* readAll(channel: Channel, address: number, length: number): Process<void> {
  for (let done = 0; done < length; ) {
    const outcome = yield* until(
      () => channel.read(address + done, length - done),
      () => channel.waitUntilReadable(),
    );
    if (outcome < 0) throw new Error(`read: ${outcomeName(outcome)}`);
    done += outcome;
  }
}

/** Both sides of a ring pair in the memory of one domain: sender is the temple, receiver the supplicant. */
export function ringPair(
  hardware: Hardware,
  bytes: number,
): {
  guest: Guest;
  sender: MessageRings;
  receiver: MessageRings;
  control: number;
  ring: number;
} {
  const guest = new TestMachine(hardware, { guests: 1, broker: false }).guest(0);
  const control = guest.domain.allocate(1);
  const forth = { address: guest.domain.allocate(bytes / 4096), bytes };
  const back = { address: guest.domain.allocate(bytes / 4096), bytes };
  const sender = new MessageRings(guest, {
    localFields: control + TEMPLE_FIELDS,
    remoteFields: control + SUPPLICANT_FIELDS,
    sendRing: forth,
    receiveRing: back,
  });
  const receiver = new MessageRings(guest, {
    localFields: control + SUPPLICANT_FIELDS,
    remoteFields: control + TEMPLE_FIELDS,
    sendRing: back,
    receiveRing: forth,
  });
  sender.attach();
  receiver.attach();
  return { guest, sender, receiver, control, ring: forth.address };
}
