import {
  type ActStep,
  folded,
  markedAt,
  type SequenceDiagram,
} from '../../report/sequence/sequence-diagram.js';
import type { XenStep } from '../../testbed/xen/counting/trace-steps.js';
import type { XenTrace } from '../../testbed/xen/trace-run.js';
import { Lanes } from './model-diagram.js';

/** Xen's idle domain. */
const IDLE = 32_767;
const EXIT_LABELS: Readonly<Record<string, string>> = {
  hlt: 'HLT',
  eoi: 'EOI',
  nm: '#NM',
  'external-interrupt': 'interrupted',
  'interrupt-window': 'interrupt window',
};

/** What real Xen did, as a diagram. Only what xentrace records: what guests do by themselves is not in it. */
export function xenDiagram(
  trace: XenTrace,
  domains: ReadonlyMap<number, { readonly name: string }>,
  title: string,
  subtitle: string,
  partsAtNs?: number,
): SequenceDiagram {
  const steps = trace.steps.filter(({ domid }) => domid !== undefined && domid !== IDLE);
  const lanes = new Lanes(domains, new Set(steps.flatMap(({ domid }) => domid ?? [])));
  const [first] = steps;
  return {
    title,
    subtitle,
    lanes: lanes.lanes,
    running: first?.domid === undefined ? [] : [lanes.of(first.domid)],
    steps: folded(
      markedAt(
        steps.flatMap((step) => stepOf(step, lanes)),
        partsAtNs,
      ),
    ),
    notes: trace.cutShort ? ['More happened than is shown.'] : [],
  };
}

function stepOf(step: XenStep, lanes: Lanes): ActStep[] {
  const { atNs, domid = IDLE, kind, what } = step;
  const own = lanes.of(domid);
  const frame = { atNs, count: 1 };
  const about = what.startsWith('dom') ? lanes.of(Number(what.slice(3))) : own;
  const note = (label: string): ActStep => ({
    ...frame,
    kind: 'note',
    lane: lanes.xen,
    label,
  });
  const arrow = (label: string): ActStep => ({
    ...frame,
    kind: 'arrow',
    from: own,
    to: lanes.xen,
    label,
  });
  switch (kind) {
    case 'exit': // the record of the hypercall itself follows
      return what === 'hypercall' ? [] : [arrow(EXIT_LABELS[what] ?? what)];
    case 'hypercall':
      return [arrow(what)];
    case 'trap':
      return [arrow(EXIT_LABELS[what] ?? what)];
    case 'wake':
      return [note(`wakes ${what}`)];
    case 'block':
      return [{ ...note(`${what} sleeps`), stops: [about] }];
    case 'runs':
      return what === 'idle'
        ? []
        : [{ ...note(`switches to ${what}`), starts: about, stops: lanes.allBut(about) }];
    default:
      return [];
  }
}
