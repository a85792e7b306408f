import { ORDER, type Process } from '../../src/sim/process.js';
import { testHardware } from '../../src/transport/conformance/setting.js';
import { Installation, type Placement } from '../../src/transport/installation.js';
import type { Domain, GuestType } from '../../src/xen/domain.js';
import { Machine } from '../../src/xen/machine.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../src/xen/memory.js';
import { type Argo, argoOf, NOT_YET } from './argo.js';
import { DOMID_ANY, RING_RX_PTR, RING_START, RING_TX_PTR } from './argo-abi.js';

/** What the tests of this folder run on: a machine of even prices, and a program that speaks to Argo directly. */

type Hardware = ReturnType<typeof testHardware>;

const HARDWARE = testHardware('npt');

/** No timer, no exit but those that Argo causes, and caches in which a test's memory fits. */
const FEATURES: Hardware['features'] = {
  ...HARDWARE.features,
  virtualApic: true,
  lazyFpu: false,
  tlbEntries: 1536,
  l2Bytes: 1024 * 1024,
  l3Bytes: 16 * 1024 * 1024,
  guestTickHz: 0,
  schedulerRatelimitUs: 1000,
  schedulerTimesliceUs: 10_000,
};

export interface SampleOptions {
  readonly prices?: Partial<Hardware['prices']>;
  readonly features?: Partial<Hardware['features']>;
  readonly seed?: number;
}

/** Below it, a price of the test hardware is one for a byte. */
const LEAST_TIME_PS = 10_000;

/** Every event costs 1 ns, every byte 0.1 ns. */
function hardware(options: SampleOptions): Hardware {
  const even = Object.fromEntries(
    Object.entries(HARDWARE.prices).map(([name, ps]) => [name, ps < LEAST_TIME_PS ? 100 : 1000]),
  ) as Hardware['prices'];
  return {
    features: { ...FEATURES, ...options.features },
    prices: { ...even, payload: 0, ...options.prices },
  };
}

/** A machine without domains. */
export function sampleMachine(pcpus: number, options: SampleOptions = {}): Machine {
  return new Machine({ ...hardware(options), pcpus, seed: options.seed ?? 1 });
}

/** A machine with so many guests, each on a pCPU of its own, or all on one with dom0. */
export function sampleGuests(
  types: readonly GuestType[],
  options: SampleOptions & { readonly placement?: Placement } = {},
): Installation {
  return new Installation({
    hardware: hardware(options),
    guests: types.map((type, index) => ({ name: `guest${index}`, type })),
    placement: options.placement ?? 'own',
    limits: 'raised',
    seed: options.seed ?? 1,
  });
}

/** Makes a hypercall and lets others go first where it must. */
export function* hypercall(call: () => number): Process<number> {
  for (;;) {
    const result = call();
    if (result !== NOT_YET) return result;
    yield ORDER;
  }
}

/** A ring of an agent's: its pages, as the guest sees them. */
export interface AgentRing {
  readonly address: number;
  readonly bytes: number;
  readonly port: number;
  readonly partner: number;
  /** Pages given to Xen. */
  readonly pages: number;
  rx: number;
}

/** A program in a guest that makes Argo's hypercalls itself, as the agent did that was used on real Xen. */
export class ArgoAgent {
  readonly argo: Argo;
  /** Where it puts the arguments of its hypercalls. */
  readonly arguments: number;
  readonly buffer: number;
  virqs = 0;

  constructor(
    readonly domain: Domain,
    bufferPages = 8,
  ) {
    this.argo = argoOf(domain.machine);
    this.arguments = domain.allocate(8);
    this.buffer = domain.allocate(bufferPages);
  }

  /** Binds VIRQ_ARGO and counts what comes. Returns the port, or the negated error. */
  bindVirq(): number {
    const { eventChannels, vcpu } = this.domain;
    const port = eventChannels.bindVirq(vcpu, 11);
    eventChannels.handle(port, () => {
      this.virqs++;
    });
    return port;
  }

  /** Memory for a ring, not yet registered. */
  ring(port: number, partner: number, bytes: number, pages = pagesFor(bytes)): AgentRing {
    const address = this.domain.allocate(Math.max(pages, pagesFor(Math.min(bytes, 1 << 24))));
    return { address, bytes, port, partner, pages, rx: 0 };
  }

  *register(ring: AgentRing, flags = 0): Process<number> {
    const { domain, argo } = this;
    const list = domain.allocate(Math.max(1, Math.ceil((ring.pages * 8) / PAGE_SIZE)));
    const gfns = new Uint32Array(2 * ring.pages);
    for (let i = 0; i < ring.pages; i++) gfns[2 * i] = this.gfn(ring.address + i * PAGE_SIZE);
    domain.memory.poke(list, new Uint8Array(gfns.buffer));
    this.write32(this.arguments, ring.port, ring.partner, ring.bytes);
    return yield* hypercall(() =>
      argo.registerRing(domain.vcpu, this.arguments, list, ring.pages, flags),
    );
  }

  *unregister(ring: AgentRing): Process<number> {
    this.write32(this.arguments, ring.port, ring.partner);
    return yield* hypercall(() => this.argo.unregisterRing(this.domain.vcpu, this.arguments));
  }

  /** Sends bytes from the agent's buffer. */
  *send(domid: number, port: number, length: number, type = 0): Process<number> {
    return yield* this.sendFrom(domid, port, [[this.buffer, length]], type);
  }

  *sendFrom(
    domid: number,
    port: number,
    iovs: readonly (readonly [address: number, length: number])[],
    type = 0,
    source = DOMID_ANY,
  ): Process<number> {
    const words = [7, source, port, domid];
    for (const [address, length] of iovs) {
      words.push(address >>> 0, Math.floor(address / 4294967296), length, 0);
    }
    this.write32(this.arguments, ...words);
    return yield* hypercall(() =>
      this.argo.sendv(this.domain.vcpu, this.arguments, this.arguments + 16, iovs.length, type),
    );
  }

  /** `notify`, with a question about one ring or none. */
  *notify(question?: {
    domid: number;
    port: number;
    space: number;
  }): Process<{ status: number; flags: number; largest: number }> {
    const { argo, domain } = this;
    const data = this.arguments;
    if (question !== undefined) {
      this.write32(data, 1, 0, question.port, question.domid, 0, question.space, 0);
    }
    const status = yield* hypercall(() =>
      argo.notify(domain.vcpu, question === undefined ? 0 : data),
    );
    const answer = new DataView(domain.memory.peek(data + 8, 20).buffer);
    return { status, flags: answer.getUint16(8, true), largest: answer.getUint32(16, true) };
  }

  /** Takes the message at the head of a ring and lets it go; undefined where there is none. */
  take(ring: AgentRing): Uint8Array | undefined {
    const tx = this.read32(ring.address + RING_TX_PTR);
    if (tx === ring.rx) return undefined;
    const length = this.ringWord(ring, 0);
    const payload = new Uint8Array(length - 16);
    for (let done = 0; done < payload.length; ) {
      const at = (ring.rx + 16 + done) % ring.bytes;
      const step = Math.min(ring.bytes - at, payload.length - done);
      payload.set(this.domain.memory.peek(ring.address + RING_START + at, step), done);
      done += step;
    }
    ring.rx = (ring.rx + Math.ceil(length / 16) * 16) % ring.bytes;
    this.write32(ring.address + RING_RX_PTR, ring.rx);
    return payload;
  }

  /** Takes all there is. Returns the number of messages. */
  drain(ring: AgentRing): number {
    let count = 0;
    while (this.take(ring) !== undefined) count++;
    return count;
  }

  /** A word of the header of the message at the head. */
  ringWord(ring: AgentRing, index: number): number {
    return this.read32(ring.address + RING_START + ring.rx + 4 * index);
  }

  read32(address: number): number {
    return new DataView(this.domain.memory.peek(address, 4).buffer).getUint32(0, true);
  }

  write32(address: number, ...words: number[]): void {
    this.domain.memory.poke(address, new Uint8Array(Uint32Array.from(words).buffer));
  }

  private gfn(address: number): number {
    const page = address >>> PAGE_SHIFT;
    return this.domain.type === 'pv' ? this.domain.space.frameAt(page) : page;
  }
}

function pagesFor(bytes: number): number {
  return Math.ceil((bytes + RING_START) / PAGE_SIZE);
}
