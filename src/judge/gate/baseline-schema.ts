import { Type } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { UserError } from '../../base/errors.js';
import { findJsonFault } from '../../results/json-fault.js';
import { figure } from '../../results/shape.js';
import { BASELINE_VERSION, type Baseline } from './baseline-file.js';

/** Checks baselines that are read from disk. Importing this module loads TypeBox (about 50 ms). */

const MOST_CELLS = 100_000;
const NAME = '^(?!(?:__proto__|constructor|prototype)$)[^\\u0000-\\u001f\\u007f]{1,200}$';

const named = <T extends Parameters<typeof Type.Record>[1]>(values: T) =>
  Type.Record(Type.String({ pattern: NAME }), values, { additionalProperties: false });
const Better = Type.Union([Type.Literal('lower'), Type.Literal('higher'), Type.Literal('none')]);
const Plain = Type.Union([Type.String({ maxLength: 4096 }), figure(), Type.Boolean()]);
const Metric = Type.Object({
  value: figure(),
  unit: Type.String({ maxLength: 40 }),
  better: Better,
  assume: Type.Union([Type.Literal('exact'), Type.Literal('nothing')]),
  determinedBy: Type.Optional(Type.Union([Type.Literal('protocol'), Type.Literal('schedule')])),
  samples: Type.Optional(Type.Array(figure())),
  interval: Type.Optional(Type.Tuple([figure(), figure()])),
});

const BaselineSchema = Type.Object({
  baselineVersion: Type.Literal(BASELINE_VERSION),
  testbed: Type.String(),
  profile: Type.String(),
  suite: Type.String(),
  clockHz: figure(),
  features: named(Plain),
  prices: named(
    Type.Object({
      value: figure(),
      low: figure(),
      high: figure(),
      unit: Type.String(),
    }),
  ),
  metrics: named(Type.Object({ unit: Type.String({ maxLength: 40 }), better: Better })),
  hostClass: Type.Optional(Type.String()),
  harness: Type.Optional(Type.Object({ hostClass: Type.String(), metrics: named(Metric) })),
  cells: Type.Array(
    Type.Object({
      id: Type.String({ minLength: 1, maxLength: 65_536 }),
      scenarioVersion: Type.Integer({ minimum: 0 }),
      verdict: Type.Union([
        Type.Literal('valid'),
        Type.Literal('invalid'),
        Type.Literal('unknown'),
        Type.Literal('skipped'),
      ]),
      reason: Type.Optional(Type.String()),
      outcome: Type.Optional(named(Plain)),
      effective: Type.Optional(named(Plain)),
      metrics: Type.Optional(named(Type.Union([figure(), Metric]))),
      counters: Type.Optional(named(named(figure()))),
      timeNs: Type.Optional(named(figure())),
    }),
    { maxItems: MOST_CELLS },
  ),
});

let compiled: TypeCheck<typeof BaselineSchema> | undefined;

/** The version that a document states, where it is a baseline at all. */
export function baselineVersionOf(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return undefined;
  return (document as Record<string, unknown>)['baselineVersion'];
}

/** JSON of a file, with or without a byte order mark. Throws UserError, with line and column, for what is not JSON. */
export function parseJsonFile(text: string, where: string): unknown {
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (cause) {
    const fault = findJsonFault(text);
    const place = fault === undefined ? '' : `, line ${fault.line}, column ${fault.column}`;
    throw new UserError(`not valid JSON${fault === undefined ? '' : `: ${fault.reason}`}`, {
      where: where + place,
      remedy: 'give a baseline or a results file that interdom wrote',
      cause,
    });
  }
}

/** Checks a document that says it is a baseline. Throws UserError, with the place. */
export function checkBaseline(document: unknown, where: string): Baseline {
  compiled ??= TypeCompiler.Compile(BaselineSchema);
  if (!compiled.Check(document)) {
    const error = compiled.Errors(document).First();
    const place = (error?.path ?? '').replaceAll('/', '.');
    throw new UserError(`$${place}: ${error?.message ?? 'is not what a baseline has'}`, {
      where,
      remedy: 'make it anew: interdom baseline save',
    });
  }
  const baseline = document as unknown as Baseline;
  const seen = new Set<string>();
  for (const { id } of baseline.cells) {
    if (seen.has(id)) throw new UserError(`the cell ${id} stands there twice`, { where });
    seen.add(id);
  }
  return baseline;
}
