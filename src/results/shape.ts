import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type Cell, type RunDescription, SCHEMA_VERSION } from './types.js';

/**
 * The shape of the results file, in TypeBox. Fields that this version does not know are allowed and
 * kept, so that the format grows without a new schema version.
 */

/**
 * More than ten times the full suite with uncertainty draws; beyond it a file is a mistake or an
 * attack.
 */
export const MOST_CELLS = 100_000;
const MOST_SAMPLES = 1_000_000;
/**
 * No count, time or rate comes near it. Beyond it, sums and ratios of figures that are finite would not be: a chart, a table or
 * JSON cannot say them.
 */
const LARGEST_NUMBER = 1e30;
/** A host has at most 32,752 domains, and CPU time is told by physical CPU: one of its own for each. */
const MOST_NAMES = 40_000;

/**
 * Names of metrics, counters, parameters and the like. Those of JavaScript's own plumbing are
 * traps, not names.
 */
const NAME = '^(?!(?:__proto__|constructor|prototype)$)[^\\u0000-\\u001f\\u007f]{1,200}$';
const UTC_TIME = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?Z$';

const label = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
const text = (maxLength: number, description: string) => Type.String({ maxLength, description });
/** A number with which one can reckon. */
export const figure = () => Type.Number({ minimum: -LARGEST_NUMBER, maximum: LARGEST_NUMBER });
const count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

function named<T extends TSchema>(values: T, description: string) {
  return Type.Record(Type.String({ pattern: NAME }), values, {
    additionalProperties: false,
    maxProperties: MOST_NAMES,
    description,
  });
}

const ParameterValueSchema = Type.Union([
  Type.String({ maxLength: 4096 }),
  figure(),
  Type.Boolean(),
]);

const MetricValueSchema = Type.Object({
  value: figure(),
  unit: text(40, 'base unit: "ns", "B/s", "1/s", "1" (a count or ratio), "ns/B"'),
  better: Type.Union([Type.Literal('lower'), Type.Literal('higher'), Type.Literal('none')]),
  assume: Type.Union([Type.Literal('exact'), Type.Literal('nothing')], {
    description: 'exact: cannot vary for a given seed; nothing: a sample',
  }),
  determinedBy: Type.Optional(
    Type.Union([Type.Literal('protocol'), Type.Literal('schedule')], {
      description: 'protocol: the same however the two sides are timed',
    }),
  ),
  samples: Type.Optional(
    Type.Array(figure(), { maxItems: MOST_SAMPLES, description: 'in the order taken' }),
  ),
  interval: Type.Optional(Type.Tuple([figure(), figure()])),
});

const CounterGroupSchema = named(figure(), 'counts by name');

const CountersSchema = Type.Object(
  {
    hypercalls: CounterGroupSchema,
    entries: CounterGroupSchema,
    tlb: CounterGroupSchema,
    grants: CounterGroupSchema,
    events: CounterGroupSchema,
    copies: CounterGroupSchema,
    xenstore: CounterGroupSchema,
  },
  { additionalProperties: CounterGroupSchema },
);

export const CellSchema = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 65_536,
    description: 'testbed/profile/transport/scenario/name=value,name=value',
  }),
  testbed: label('model, live or xen'),
  profile: label('hardware generation'),
  transport: label('the protocol measured'),
  scenario: label('the kind of work'),
  scenarioVersion: count('cells of different versions are not comparable'),
  parameters: named(ParameterValueSchema, 'what was asked for'),
  effective: named(ParameterValueSchema, 'what the protocol made of it'),
  verdict: Type.Union([
    Type.Literal('valid'),
    Type.Literal('invalid'),
    Type.Literal('unknown'),
    Type.Literal('skipped'),
  ]),
  reason: Type.Optional(text(65_536, 'why the verdict is not valid')),
  notes: Type.Optional(
    Type.Array(text(4096, 'a sentence'), {
      maxItems: MOST_NAMES,
      description: 'what must be known to read the figures',
    }),
  ),
  outcome: Type.Optional(named(ParameterValueSchema, 'what the protocol did under a fault')),
  metrics: named(MetricValueSchema, 'figures by name'),
  histograms: Type.Optional(
    named(text(1_048_576, 'HDR histogram'), 'base64 of the compressed V2 encoding'),
  ),
  counters: Type.Optional(CountersSchema),
  attributionNs: Type.Optional(named(named(figure(), 'nanoseconds by cause'), 'by physical CPU')),
  trace: Type.Optional(
    Type.Object({
      events: count('simulated'),
      hash: text(128, 'of the trace'),
      unseed: figure(),
    }),
  ),
});

const PriceSchema = Type.Object({
  value: figure(),
  low: figure(),
  high: figure(),
  unit: text(40, '"ps", "cycles", "ns", "us", "ps/B"'),
  source: text(4096, 'paper and table, or file and line'),
  confidence: Type.Union([
    Type.Literal('measured'),
    Type.Literal('derived'),
    Type.Literal('recalled'),
    Type.Literal('estimate'),
  ]),
  causes: Type.Optional(Type.Array(text(40, 'a cause of attributionNs under which it is charged'))),
});

const ProfileSchema = Type.Object({
  name: label('of the profile'),
  description: text(65_536, 'what it stands for'),
  clockHz: Type.Number({ exclusiveMinimum: 0, maximum: LARGEST_NUMBER }),
  features: named(ParameterValueSchema, 'what happens'),
  prices: named(PriceSchema, 'what it costs'),
});

export const RunSchema = Type.Object({
  id: label('of the run'),
  startedAt: Type.String({ pattern: UTC_TIME, description: 'ISO 8601, UTC' }),
  finishedAt: Type.String({ pattern: UTC_TIME, description: 'ISO 8601, UTC' }),
  command: text(65_536, 'as typed'),
  version: text(200, 'of interdom'),
  commit: text(200, 'of interdom'),
  seed: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  host: Type.Object({
    node: text(200, 'version of Node'),
    platform: text(200, 'operating system'),
    arch: text(200, 'instruction set'),
    cpu: text(1000, 'model name'),
    cores: count('logical CPUs'),
    memoryBytes: count('of main memory'),
  }),
  suite: text(200, 'quick, full, failure'),
  profiles: named(ProfileSchema, 'features and prices as used'),
  complete: Type.Boolean({ description: 'false: interrupted, not all planned cells are here' }),
  parts: Type.Optional(Type.Array(text(4096, 'id of a merged run'), { maxItems: MOST_NAMES })),
  shard: Type.Optional(
    Type.Object({
      index: Type.Integer({ minimum: 1, description: 'from 1' }),
      of: Type.Integer({ minimum: 1, description: 'shards in all' }),
      plannedCells: Type.Integer({ minimum: 0, maximum: MOST_CELLS, description: 'of all shards' }),
      positions: text(1_048_576, 'places of these cells in the plan, from 0: "0-3,7"'),
      planHash: text(128, 'equal for shards of one plan'),
    }),
  ),
  options: Type.Optional(Type.Record(Type.String({ pattern: NAME }), Type.Unknown())),
  harness: Type.Optional(named(MetricValueSchema, 'wall-clock figures of the harness itself')),
});

/**
 * First line of a journal: the run as it began.
 */
export const JournalHeaderSchema = Type.Object({
  schemaVersion: Type.Literal(SCHEMA_VERSION),
  run: RunSchema,
  noHarness: Type.Optional(Type.Boolean()),
});

export const ResultsSchema = Type.Object(
  {
    schemaVersion: Type.Literal(SCHEMA_VERSION),
    run: RunSchema,
    cells: Type.Array(CellSchema, { maxItems: MOST_CELLS }),
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'interdom results file',
    description: 'The cells of one run of interdom, with provenance.',
  },
);

/**
 * Compiles only while what the schema admits is what the types promise, and the other way round.
 */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Mutable<T> = T extends string | number | boolean
  ? T
  : { -readonly [K in keyof T]: Mutable<T[K]> };
const sameCell: Same<Mutable<Static<typeof CellSchema>>, Mutable<Cell>> = true;
const sameRun: Same<Mutable<Static<typeof RunSchema>>, Mutable<RunDescription>> = true;
void sameCell;
void sameRun;
