import { UserError } from '../../base/errors.js';
import type { MetricValue, ParameterValue } from '../../results/types.js';
import type { AppliedPolicy, CellPolicy } from './applied-policy.js';
import { causesOf } from './causes.js';
import { type CellChanges, cellChanges } from './cell-changes.js';
import { compareFigure, methodOf } from './compare-figure.js';
import type { Finding, FindingKind, ProfileChange } from './finding.js';
import type { Allowance } from './policy.js';
import { DEFAULT_THRESHOLD, type SampledPair } from './sampled-figure.js';
import type { GateCell } from './side.js';

/** What a cell's comparison needs to know of the rest. */
export interface CellContext {
  readonly policy: AppliedPolicy;
  /** Of the cell's profile. */
  readonly profileChanges: readonly ProfileChange[];
  /** Undefined: sampled figures of the two sides may be compared; else why not. */
  readonly otherHost: string | undefined;
  /** "cell:metric" -> part of a value by which it differs when nothing has changed. */
  readonly noiseFloors: ReadonlyMap<string, number>;
  readonly strict: boolean;
}

export interface CellComparison {
  readonly findings: readonly Finding[];
  readonly figures: number;
  /** To be judged together with those of all other cells. */
  readonly sampled: readonly SampledPair[];
  /** For the findings that are yet to come. */
  readonly policy: CellPolicy;
}

/** Compares a cell with itself as it was. */
export function compareCell(
  before: GateCell,
  after: GateCell,
  context: CellContext,
): CellComparison {
  const names = metricNames(before, after);
  const policy = context.policy.forCell(after.id, names);
  const whole = (kind: FindingKind, message: string): CellComparison => ({
    findings: [wholeCell(after.id, kind, message, policy)],
    figures: 0,
    sampled: [],
    policy,
  });
  if (after.verdict === 'invalid' || after.verdict === 'unknown') {
    return whole('not-measured', `${after.verdict}: ${after.reason ?? 'no reason given'}`);
  }
  if (before.scenarioVersion !== after.scenarioVersion) {
    const versions = `${before.scenarioVersion}, and is of version ${after.scenarioVersion}`;
    return whole('not-comparable', `the scenario ${after.scenario} was of version ${versions}`);
  }
  if (after.verdict === 'skipped') {
    const nothing = { findings: [], figures: 0, sampled: [], policy };
    if (before.verdict !== 'valid') return nothing;
    return whole('not-measured', `is skipped now: ${after.reason ?? 'no reason given'}`);
  }
  if (before.verdict !== 'valid') {
    return whole('new', `is measured now; it was ${before.verdict}: ${before.reason ?? ''}`);
  }
  return new FigureComparisons(before, after, context, policy).compare(names);
}

/** A finding that speaks of a cell as a whole. */
export function wholeCell(
  cell: string,
  kind: FindingKind,
  message: string,
  policy: CellPolicy,
  fails = kind !== 'new',
): Finding {
  const { ignoredWhole } = policy;
  return {
    kind,
    fails: fails && ignoredWhole === undefined,
    cell,
    metric: undefined,
    worse: 0,
    causes: [],
    message,
    ...(ignoredWhole === undefined ? {} : { ignored: ignoredWhole }),
  };
}

class FigureComparisons {
  private readonly findings: Finding[] = [];
  private readonly sampled: SampledPair[] = [];
  private figures = 0;
  private changes: CellChanges | undefined;

  constructor(
    private readonly before: GateCell,
    private readonly after: GateCell,
    private readonly context: CellContext,
    private readonly policy: CellPolicy,
  ) {}

  compare(names: ReadonlySet<string>): CellComparison {
    for (const name of names) {
      if (name.startsWith('outcome.')) this.compareValue(name, 'outcome');
      else if (name.startsWith('effective.')) this.compareValue(name, 'effective');
      else this.compareMetric(name);
    }
    const { findings, figures, sampled, policy } = this;
    return { findings, figures, sampled, policy };
  }

  private compareMetric(name: string): void {
    const old = this.before.metrics[name];
    const young = this.after.metrics[name];
    if (old === undefined && young !== undefined) {
      this.add(name, 'new', 'is measured now, and was not', {});
    } else if (old !== undefined && young === undefined) {
      this.add(name, 'not-measured', 'was measured, and is not any more', {});
    } else if (old !== undefined && young !== undefined) {
      this.compareBoth(name, old, young);
    }
  }

  private compareBoth(name: string, old: MetricValue, young: MetricValue): void {
    const changed =
      old.unit !== young.unit
        ? `its unit was ${old.unit}, and is ${young.unit}`
        : methodOf(old) !== methodOf(young) && [old, young].some((m) => methodOf(m) === 'sampled')
          ? `it was ${old.assume === 'exact' ? 'exact' : 'sampled'}, and is not any more`
          : undefined;
    if (changed !== undefined) {
      this.add(name, 'not-comparable', changed, {});
      return;
    }
    const allowance = this.allowanceOf(name, young);
    if (methodOf(young) === 'sampled') {
      this.addSampled(name, old, young, allowance);
      return;
    }
    this.figures++;
    // Nearly all figures are as they were: no more than this is done for them.
    if (old.value === young.value && old.assume === 'exact' && young.assume === 'exact') return;
    const { verdict, worse, message } = compareFigure(old, young, this.withFloor(name, allowance));
    if (verdict === 'same') return;
    const kind = KIND_OF[verdict];
    this.add(name, kind, message, {
      before: old.value,
      after: young.value,
      unit: young.unit,
      better: young.better,
      worse,
      causes: causesOf(name, young.determinedBy, this.cellChanges()),
    });
  }

  private allowanceOf(name: string, metric: MetricValue): Allowance | undefined {
    const entry = this.policy.thresholdOf(name);
    const unit = entry?.allowance.unit;
    if (entry !== undefined && unit !== undefined && unit !== metric.unit) {
      throw new UserError(
        `${entry.pattern.text} allows ${entry.allowance.text}, and ${name} is in "${metric.unit}"`,
        { where: entry.where, remedy: 'give a percentage, or the unit of the metric' },
      );
    }
    return entry?.allowance;
  }

  private withFloor(name: string, allowance: Allowance | undefined): Allowance | undefined {
    const floor = this.context.noiseFloors.get(`${this.after.id}:${name}`);
    if (floor === undefined || floor <= (allowance?.relative ?? 0)) return allowance;
    return { ...allowance, relative: floor, text: `noise floor ${(floor * 100).toFixed(2)} %` };
  }

  private addSampled(
    metric: string,
    before: MetricValue,
    after: MetricValue,
    allowance: Allowance | undefined,
  ): void {
    const { otherHost, noiseFloors } = this.context;
    if (otherHost !== undefined) {
      this.add(metric, 'not-comparable', otherHost, {});
      return;
    }
    this.figures++;
    const absolute = (allowance?.absolute ?? 0) / Math.abs(before.value || 1);
    this.sampled.push({
      cell: this.after.id,
      metric,
      before,
      after,
      samples: after.samples ?? [],
      threshold:
        allowance === undefined ? DEFAULT_THRESHOLD : Math.max(allowance.relative ?? 0, absolute),
      noiseFloor: noiseFloors.get(`${this.after.id}:${metric}`) ?? 0,
    });
  }

  /** What the protocol did, or made of its parameters: no side is better, and it must not change unseen. */
  private compareValue(name: string, field: 'outcome' | 'effective'): void {
    const key = name.slice(field.length + 1);
    const old = own(this.before[field], key);
    const young = own(this.after[field], key);
    this.figures++;
    if (old === young) return;
    const message = `${old ?? '(none)'} -> ${young ?? '(none)'}`;
    const causes = causesOf(name, undefined, this.cellChanges());
    this.add(name, 'changed', message, { causes, fails: true });
  }

  private add(metric: string, kind: FindingKind, message: string, rest: Partial<Finding>): void {
    const ignored = this.policy.ignoredBy(metric);
    const always = kind !== 'new' && kind !== 'improved' && kind !== 'changed';
    const fails = rest.fails ?? (always || this.context.strict);
    this.findings.push({
      worse: 0,
      causes: [],
      ...rest,
      kind,
      fails: fails && ignored === undefined,
      cell: this.after.id,
      metric,
      message,
      ...(ignored === undefined ? {} : { ignored }),
    });
  }

  private cellChanges(): CellChanges {
    const { before, after, context } = this;
    return (this.changes ??= cellChanges(before, after, context.profileChanges));
  }
}

/** What a comparison's verdict is called among the findings. */
const KIND_OF = {
  worse: 'regressed',
  better: 'improved',
  different: 'changed',
  inconclusive: 'inconclusive',
} as const;

/** Names under which the policy and the reader know the figures of a cell. */
export function metricNames(...sides: readonly GateCell[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { outcome, effective, metrics } of sides) {
    for (const name of Object.keys(metrics)) names.add(name);
    for (const name of Object.keys(outcome ?? {})) names.add(`outcome.${name}`);
    for (const name of Object.keys(effective)) names.add(`effective.${name}`);
  }
  return names;
}

function own(
  record: Readonly<Record<string, ParameterValue>> | undefined,
  key: string,
): ParameterValue | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
