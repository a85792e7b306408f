import type { TraceKind } from '../../sim/trace.js';

/**
 * What goes wrong, as data: what, to whom, when. A plan is carried out through the machine (fault-injector.ts), so a
 * fault can do only what the thing itself can do: a domain dies, stands still, or is taken away by the toolstack.
 */
export type FaultAction =
  /** The domain dies where it stands; what happens next is the toolstack's doing. */
  | { readonly do: 'crash'; readonly guest: number }
  /** Its vCPUs stand still for good (a kernel that spins with interrupts off looks so from outside), or until `go-on`. */
  | { readonly do: 'hang'; readonly guest: number }
  | { readonly do: 'go-on'; readonly guest: number }
  /** The toolstack destroys it (xl destroy). */
  | { readonly do: 'destroy'; readonly guest: number }
  /** It suspends itself (SCHEDOP_shutdown), and is resumed as if it had not. */
  | { readonly do: 'suspend'; readonly guest: number }
  | { readonly do: 'resume'; readonly guest: number }
  /** A process of dom0 dies, or is started again. */
  | { readonly do: 'kill'; readonly service: Service }
  | { readonly do: 'restart'; readonly service: Service };

/** `broker`: what the transport keeps in dom0, if it does; `xenstored` cannot be restarted: nobody saves its tree. */
export type Service = 'broker' | 'xenstored';

export type FaultMoment =
  /** Virtual time. */
  | { readonly atPs: number }
  /** So long after the scenario says that it has come to a point. */
  | { readonly mark: string; readonly laterPs?: number }
  /**
   * When the n-th step of a kind (from 1) takes effect, of one guest's or of any. With `mark`: counted from there.
   * A crash of the guest whose step it is stops that guest in the middle of it; so does the death of a service of dom0
   * at a step of dom0.
   */
  | {
      readonly step: StepKind | 'any';
      readonly of?: number;
      readonly nth: number;
      readonly mark?: string;
    };

/** A traced step, or a write into a word that the peer reads, which no trace holds. */
export type StepKind = TraceKind | 'shared-write';

export interface Fault {
  readonly action: FaultAction;
  readonly when: FaultMoment;
}

export type FaultPlan = readonly Fault[];

/** The exhaustive plans: the same action at every step in turn, 1 to `steps`; with `stride`, at every so-manieth. */
export function* atEveryStep(action: FaultAction, steps: number, stride = 1): Generator<FaultPlan> {
  for (let nth = 1; nth <= steps; nth += stride) {
    yield [{ action, when: { step: 'any', nth } }];
  }
}

/** "crash guest 0 at step 17 of any kind": a plan in words, for reasons and test names. */
export function describeFault({ action, when }: Fault): string {
  const whom = 'guest' in action ? `guest ${action.guest}` : action.service;
  return `${action.do} ${whom} ${describeMoment(when)}`;
}

function describeMoment(when: FaultMoment): string {
  if ('atPs' in when) return `at ${when.atPs} ps`;
  if ('step' in when) {
    const whose = when.of === undefined ? '' : ` of guest ${when.of}`;
    const from = when.mark === undefined ? '' : ` after "${when.mark}"`;
    return `at ${when.step === 'any' ? 'step' : when.step} ${when.nth}${whose}${from}`;
  }
  return when.laterPs === undefined
    ? `at "${when.mark}"`
    : `${when.laterPs} ps after "${when.mark}"`;
}
