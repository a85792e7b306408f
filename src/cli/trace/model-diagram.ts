import { formatBytes } from '../../base/units.js';
import type { ActStep, Lane, SequenceDiagram } from '../../report/sequence/sequence-diagram.js';
import { folded, markedAt } from '../../report/sequence/sequence-diagram.js';
import type { ModelStep, ModelTrace } from '../../testbed/model/trace-cell.js';
import { withoutXenbus } from './without-xenbus.js';

/** What entries are called where people read them. */
const ENTRY_LABELS: Readonly<Record<string, string>> = {
  hlt: 'HLT',
  eoi: 'EOI',
  nm: '#NM',
  'external-interrupt': 'interrupted',
  'pv-syscall': 'system call',
  'pv-trap': '#NM',
  timer: 'timer',
};

/** What requests and answers of xenstore are called where they are not called by the word for them. */
const REQUEST_LABELS: Readonly<Record<string, string>> = {
  directoryPart: 'directory',
  getPermissions: 'get permissions',
  setPermissions: 'set permissions',
  transactionStart: 'begin transaction',
  transactionEnd: 'end transaction',
  resetWatches: 'reset watches',
  event: 'watch fires:',
};
const LONGEST_PATH = 48;

/** Xen's lane, between the domains that send and those that receive. */
export const XEN_LANE: Lane = { name: 'Xen', role: 'hypervisor' };

/** Lanes of the domains that take part: who connects, Xen, who listens, others, dom0. */
export class Lanes {
  readonly lanes: readonly Lane[];
  private readonly numbers = new Map<number, number>();
  readonly xen: number;

  /** @param domains roles by domid @param taking domids that take part */
  constructor(
    domains: ReadonlyMap<number, { readonly name: string }>,
    taking: ReadonlySet<number>,
  ) {
    const guests = [...taking].filter((domid) => domid !== 0).sort((a, b) => a - b);
    const [listener, connector] = [1, 2];
    const left = guests.filter((domid) => domid === connector);
    const right = guests.filter((domid) => domid === listener);
    const rest = guests.filter((domid) => domid !== connector && domid !== listener);
    const ordered = [...left, -1, ...right, ...rest, ...(taking.has(0) ? [0] : [])];
    this.lanes = ordered.map((domid, lane) => {
      this.numbers.set(domid, lane);
      if (domid === -1) return XEN_LANE;
      const role = domid === 0 ? 'toolstack' : (domains.get(domid)?.name ?? 'guest');
      return { name: `dom${domid}`, role };
    });
    this.xen = this.numbers.get(-1) as number;
  }

  /** Every lane of a domain but one. */
  allBut(lane: number): readonly number[] {
    return [...this.numbers.values()].filter((other) => other !== lane && other !== this.xen);
  }

  of(domid: number): number {
    return this.numbers.get(domid) ?? this.xen;
  }
}

/**
 * What the model did, as a diagram.
 *
 * @param partsAtNs when it parts from another account
 * @param details also how requests of xenstore travel, and dom0's own entries into Xen
 */
export function modelDiagram(
  trace: ModelTrace,
  title: string,
  subtitle: string,
  details: boolean,
  partsAtNs?: number,
): SequenceDiagram {
  const steps = details ? trace.steps : withoutXenbus(trace.steps);
  const lanes = new Lanes(trace.domains, new Set(steps.map(({ domid }) => domid)));
  const running = new Set(trace.running.map((domid) => lanes.of(domid)));
  running.delete(lanes.xen);
  const initially = [...running];
  return {
    title,
    subtitle,
    lanes: lanes.lanes,
    running: initially,
    steps: folded(
      markedAt(
        steps.map((step) => stepOf(step, lanes, trace.domains)),
        partsAtNs,
      ),
    ),
    notes: [],
  };
}

function stepOf(step: ModelStep, lanes: Lanes, domains: ModelTrace['domains']): ActStep {
  const { atNs, domid, kind, what, a, b } = step;
  const own = lanes.of(domid);
  const name = `dom${domid}`;
  const frame = { atNs, count: 1 };
  const note = (lane: number, label: string): ActStep => ({
    ...frame,
    kind: 'note',
    lane,
    label,
  });
  const arrow = (from: number, to: number, label: string): ActStep => ({
    ...frame,
    kind: 'arrow',
    from,
    to,
    label,
  });
  switch (kind) {
    case 'publish':
      return note(own, `publishes ${formatBytes(a)}`);
    case 'consume':
      return note(own, `consumes ${formatBytes(a)}`);
    case 'hypercall':
      return arrow(own, lanes.xen, what);
    case 'entry':
      return arrow(own, lanes.xen, ENTRY_LABELS[what] ?? what);
    case 'event-send':
      // What xenstored sends says what it is about.
      return what === ''
        ? note(lanes.xen, `event for dom${b}`)
        : { ...arrow(own, lanes.of(b), requestLabel(what)), starts: lanes.of(b) };
    case 'virq':
      return note(lanes.xen, `VIRQ ${a} for ${name}`);
    case 'upcall':
      return { ...arrow(lanes.xen, own, a === 0 ? 'upcall (timer)' : 'upcall'), starts: own };
    case 'tlb-flush':
      return note(lanes.xen, `flushes the TLB for ${name}`);
    case 'context-switch':
      return {
        ...note(lanes.xen, `switches to ${name}`),
        starts: own,
        // Whoever had this pCPU has it no more.
        stops: [...domains].flatMap(([other, { pcpu }]) =>
          pcpu === a && other !== domid ? [lanes.of(other)] : [],
        ),
      };
    case 'block':
      return { ...note(lanes.xen, `${name} sleeps`), stops: [own] };
    case 'wake':
      return note(lanes.xen, `wakes ${name}`);
    case 'grant-map':
      return note(lanes.xen, `maps ${pages(b)} of dom${a}`);
    case 'grant-unmap':
      return note(lanes.xen, `unmaps ${pages(a)}`);
    case 'xenstore':
      return domid === 0
        ? note(own, requestLabel(what))
        : { ...arrow(own, lanes.of(0), requestLabel(what)), starts: own };
    case 'tick':
      return note(lanes.xen, `timer of ${name}`);
    case 'fault':
      return note(own, 'page fault');
    case 'domain':
      return note(lanes.xen, `${name} stops or goes on`);
  }
}

/** "xenstore: write data/v2v/1"; of a long path its end, which says most. */
function requestLabel(request: string): string {
  const [operation = '', path = ''] = request.split(' ');
  const words = (REQUEST_LABELS[operation] ?? operation) + (path === '' ? '' : ' ');
  const end = path.length > LONGEST_PATH ? `\u2026${path.slice(1 - LONGEST_PATH)}` : path;
  return `xenstore: ${words}${end}`;
}

function pages(count: number): string {
  return count === 1 ? 'a page' : `${count} pages`;
}
