import type { TraceRecord, TraceWindow } from './trace-lines.js';
import { exitName, hypercallName, MSR_X2APIC_EOI, TRACE } from './trace-names.js';

export type XenStepKind =
  | 'exit'
  | 'entry'
  | 'hypercall'
  | 'trap'
  | 'wake'
  | 'block'
  | 'runs'
  | 'other';

/** One thing that xentrace saw, under the names of the model's trace where both have one. */
export interface XenStep {
  /** Virtual nanoseconds since the window began. */
  readonly atNs: number;
  readonly pcpu: number;
  /** The domain that ran; 32767 is Xen's idle domain. */
  readonly domid: number | undefined;
  readonly kind: XenStepKind;
  /** Reason of an exit, name of a hypercall, the domain that is woken. */
  readonly what: string;
}

const SCHED_WAKE = 0x28004;
const SCHED_BLOCK = 0x28006;
const RUNSTATE_CHANGE = 0x21001;
const RUNSTATE_BITS = 0x330;
const EVENT_64_BIT = 0x100;
const MSR_WRITES: Readonly<Record<number, string>> = { [MSR_X2APIC_EOI]: 'eoi' };

const TRAPS: Readonly<Record<number, string>> = {
  [TRACE.PV_TRAP]: 'trap',
  [TRACE.PV_PAGE_FAULT]: 'page-fault',
  [TRACE.PV_FORCED_INVALID_OP]: 'cpuid',
  [TRACE.PV_EMULATE_PRIVOP]: 'privileged-instruction',
  [TRACE.PV_MATH_STATE_RESTORE]: 'nm',
  [TRACE.PV_PTWR_EMULATION]: 'page-table-write',
};

/**
 * What happened in a traced window, in the order of time: the material of a sequence diagram. The exit for a register
 * write takes the register's meaning, so an end of interrupt is an exit "eoi".
 */
export function traceSteps(window: TraceWindow): XenStep[] {
  const [first] = window.records;
  const startTsc = first === undefined ? 0 : Math.min(...window.records.map(({ tsc }) => tsc));
  const records = [...window.records].sort((a, b) => a.tsc - b.tsc);
  const steps: XenStep[] = [];
  for (const record of records) {
    const named = nameOf(record);
    if (named === undefined) continue;
    if (named.kind === 'exit' && named.replaces) {
      const exit = lastExit(steps, record);
      if (exit !== undefined) steps[exit] = { ...(steps[exit] as XenStep), what: named.what };
      continue;
    }
    steps.push({
      atNs: record.tsc - startTsc,
      pcpu: record.pcpu,
      domid: record.domid,
      kind: named.kind,
      what: named.what,
    });
  }
  return steps;
}

interface Named {
  readonly kind: XenStepKind;
  readonly what: string;
  /** Says more of the exit before it, and is no step of its own. */
  readonly replaces?: boolean;
}

function nameOf({ event, words }: TraceRecord): Named | undefined {
  if ((event & ~RUNSTATE_BITS) === RUNSTATE_CHANGE) {
    const isRunning = ((event >> 4) & 3) === 0;
    return isRunning ? { kind: 'runs', what: domainName((words[0] ?? 0) >>> 16) } : undefined;
  }
  const [first = 0, second] = words;
  const plain = event & ~EVENT_64_BIT;
  switch (plain) {
    case TRACE.VMEXIT:
      return { kind: 'exit', what: exitName(first) };
    case TRACE.VMENTRY:
      return { kind: 'entry', what: '' };
    case TRACE.HVM_MSR_WRITE:
      return {
        kind: 'exit',
        what: MSR_WRITES[first] ?? `msr-${first.toString(16)}`,
        replaces: true,
      };
    case TRACE.HVM_VMMCALL:
      return { kind: 'hypercall', what: hypercallName(first) };
    case TRACE.PV_HYPERCALL:
    case TRACE.PV_HYPERCALL_SUBCALL: {
      const hasOperation = (first & (1 << 20)) !== 0;
      return {
        kind: 'hypercall',
        what: hypercallName(first & 0xfffff, hasOperation ? second : undefined),
      };
    }
    case SCHED_WAKE:
      return { kind: 'wake', what: domainName(first) };
    case SCHED_BLOCK:
      return { kind: 'block', what: domainName(first) };
    default: {
      const trap = TRAPS[plain];
      return trap === undefined ? undefined : { kind: 'trap', what: trap };
    }
  }
}

function domainName(domid: number): string {
  return domid === 32767 ? 'idle' : `dom${domid}`;
}

function lastExit(steps: readonly XenStep[], record: TraceRecord): number | undefined {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step?.pcpu === record.pcpu && step.kind === 'exit') return i;
  }
  return undefined;
}
