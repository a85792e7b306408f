import type { Cell } from '../../results/types.js';
import type { DeterminedBy } from '../../stats/metric.js';
import { type Meeting, meetingLabel } from './pairing.js';
import {
  amountOf,
  guestTypes,
  messagesOf,
  QUANTITIES,
  type Quantity,
  type QuantityKind,
} from './quantities.js';
import { FRESH_TOLERANCE, TOLERANCES, type Tolerance } from './tolerances.js';

/**
 * - `within`, `outside`: model and real Xen were compared.
 * - `not compared`: they may not be; the row says why.
 */
export type RowVerdict = 'within' | 'outside' | 'not compared';

/** One quantity of one cell, on both sides. All figures are counts a message. */
export interface ValidationRow {
  readonly cell: string;
  readonly transport: string;
  readonly scenario: string;
  readonly guestType: string;
  readonly quantity: string;
  readonly label: string;
  readonly kind: QuantityKind;
  /** Explains others; not judged. */
  readonly detail: boolean;
  readonly determinedBy: DeterminedBy;
  readonly model: number;
  readonly recorded?: number;
  readonly fresh?: number;
  /** Of the model from what was measured, as a part of that; the worse of recorded and fresh. Undefined: nothing measured. */
  readonly difference?: number;
  /** Allowed part; larger than the tolerance's own where few counts were made. */
  readonly tolerance: number;
  readonly verdict: RowVerdict;
  readonly reason?: string;
  /** The fresh measurement is not the recorded one. */
  readonly recordedIsStale?: boolean;
}

/** All rows of one meeting. */
export function rowsOf(meeting: Meeting): ValidationRow[] {
  const refusal = refusalOf(meeting);
  if (refusal !== undefined) return [refusedRow(meeting, refusal)];
  return QUANTITIES.flatMap((quantity) => {
    const row = rowOf(meeting, quantity);
    return row === undefined ? [] : [row];
  });
}

/** Why nothing of this meeting can be compared. */
function refusalOf({ model, recorded, fresh }: Meeting): string | undefined {
  if (model.verdict !== 'valid')
    return `the model's cell is ${model.verdict}: ${model.reason ?? ''}`;
  const measured = [recorded, fresh].filter((cell) => cell !== undefined);
  if (measured.some(({ verdict }) => verdict === 'valid')) return undefined;
  const [cell] = measured;
  return `real Xen's cell is ${cell?.verdict ?? 'missing'}: ${cell?.reason ?? ''}`;
}

function refusedRow({ model }: Meeting, reason: string): ValidationRow {
  return {
    ...frame(model),
    quantity: '',
    label: 'all',
    kind: 'transport',
    detail: false,
    determinedBy: 'protocol',
    model: Number.NaN,
    tolerance: 0,
    verdict: 'not compared',
    reason,
  };
}

function frame({ transport, scenario, parameters }: Cell) {
  return {
    cell: meetingLabel({ transport, scenario, parameters } as Cell),
    transport,
    scenario,
    guestType: String(parameters['guestType'] ?? ''),
  };
}

function rowOf({ model, recorded, fresh }: Meeting, quantity: Quantity): ValidationRow | undefined {
  if (quantity.applies?.(model) === false) return undefined;
  const mine = amountOf(quantity, model);
  const old = valid(recorded, quantity);
  const now = valid(fresh, quantity);
  if (mine === undefined || (old === undefined && now === undefined)) return undefined;
  if (mine === 0 && (old ?? 0) === 0 && (now ?? 0) === 0 && Array.isArray(quantity.source)) {
    return undefined; // a counter that neither side ever raised
  }
  const determinedBy = quantity.determinedBy(model);
  const measured = (recorded?.verdict === 'valid' ? recorded : fresh) ?? model;
  const messages = messagesOf(measured);
  const rule = TOLERANCES[determinedBy];
  const comparisons = [old, now].flatMap((amount) =>
    amount === undefined ? [] : [compared(mine, amount, rule, messages)],
  );
  const worst = comparisons.reduce((a, b) => (excess(b) > excess(a) ? b : a));
  const reason = incomparable(measured, quantity, determinedBy);
  return {
    ...frame(model),
    quantity: quantity.name,
    label: quantity.label,
    kind: quantity.kind,
    detail: quantity.detail === true,
    determinedBy,
    model: mine,
    ...(old === undefined ? {} : { recorded: old }),
    ...(now === undefined ? {} : { fresh: now }),
    difference: worst.difference,
    tolerance: worst.allowed,
    verdict: reason !== undefined ? 'not compared' : excess(worst) > 1 ? 'outside' : 'within',
    ...(reason === undefined ? {} : { reason }),
    ...(old !== undefined && now !== undefined
      ? { recordedIsStale: excess(compared(old, now, FRESH_TOLERANCE, messages)) > 1 }
      : {}),
  };
}

function valid(cell: Cell | undefined, quantity: Quantity): number | undefined {
  return cell?.verdict === 'valid' ? amountOf(quantity, cell) : undefined;
}

/**
 * Events of a stream through shared memory come with the turns of its ring. Where a window holds fewer turns than this,
 * it counts where in a turn it ends. (The testbed's own windows hold more.)
 */
const LEAST_TURNS = 10;
/**
 * Xen's scheduler lets a vCPU run for 10 ms. Where a turn takes about as long or longer, both sides go on in turn without
 * either having to wait, until the ring has filled or emptied by the little that one is faster than the other
 * (docs/cost-model.md).
 */
const LONGEST_TURN_NS = 7_500_000;

/** How long a turn of the ring took on real Xen; 0 where that was not written down. */
function turnNs(cell: Cell): number {
  return Number(cell.counters?.['time']?.['virtualNs'] ?? 0) / turnsOf(cell);
}

function turnsOf(cell: Cell): number {
  const ringSizeBytes = cell.effective['ringSizeBytes'] ?? cell.parameters['ringSizeBytes'];
  return (messagesOf(cell) * ringBytesOfMessage(cell)) / Number(ringSizeBytes);
}

function ringBytesOfMessage({ transport, parameters }: Cell): number {
  const bytes = Number(parameters['messageSizeBytes']);
  // A transfer takes whole pages of what stands for the ring.
  if (parameters['grantMode'] !== 'persistent') return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  // A record of V2V has a header of four bytes and is padded to eight.
  return transport === 'v2v' ? Math.ceil((bytes + 4) / 8) * 8 : bytes;
}

const PAGE_BYTES = 4096;

/** What changes with each system call of a PV guest. */
const ENTERING: readonly QuantityKind[] = ['entries', 'guest kernel'];
const AGENT_HAS_NO_DRIVER =
  'on real Xen a program calls Argo and reads its ring without a system call; the model has a kernel driver, ' +
  'and each system call of a PV guest goes through Xen';

/**
 * The emulator carries out its CPUs in turn, so with a CPU for each guest their streams still alternate: the model, and
 * hardware, let them overlap. What follows from that order is not comparable. What the protocol decides alone is.
 */
function incomparable(
  /** Of real Xen. */
  cell: Cell,
  { kind }: Quantity,
  determinedBy: DeterminedBy,
): string | undefined {
  const { transport } = cell;
  if (transport === 'v4v' && guestTypes(cell).includes('pv') && ENTERING.includes(kind)) {
    return AGENT_HAS_NO_DRIVER;
  }
  if (determinedBy === 'protocol') return undefined;
  const oneAtATime = cell.scenario === 'ping-pong' || cell.scenario === 'bare-grants';
  if (!oneAtATime && transport !== 'v4v') {
    if (turnsOf(cell) < LEAST_TURNS) {
      return `the window holds fewer than ${LEAST_TURNS} turns of the ring: where in a turn it ends says more than the protocol`;
    }
    if (turnNs(cell) > LONGEST_TURN_NS) {
      return 'a turn of the ring takes about as long as a time slice of Xen, or longer: by how little one side is faster then says who waits';
    }
  }
  if (cell.parameters['placement'] !== 'own') return undefined;
  if (oneAtATime && kind !== 'scheduling') return undefined;
  return 'the emulator carries out pCPUs in turn, so that both sides never run at once as in the model';
}

interface Comparison {
  readonly difference: number;
  readonly allowed: number;
}

function compared(mine: number, measured: number, rule: Tolerance, messages: number): Comparison {
  const gap = mine - measured;
  const floor = rule.countsInWindow / messages;
  // Of nothing there is no part: so few counts as the floor are allowed, and counted as all of it.
  if (measured === 0)
    return { difference: Math.sign(gap), allowed: Math.abs(gap) <= floor ? 1 : 0 };
  return {
    difference: gap / measured,
    allowed: Math.max(rule.relative, floor / Math.abs(measured)),
  };
}

/** How many times what is allowed it is off. */
export function excess({ difference, allowed }: Comparison): number {
  const off = Math.abs(difference);
  return off === 0 ? 0 : allowed === 0 ? Number.POSITIVE_INFINITY : off / allowed;
}
