import type { ParameterValue } from '../../results/types.js';
import type { OutcomeWord } from './outcome-words.js';
import type { Threshold } from './thresholds.js';

/** What the cells say of a statement. */
export type ClaimVerdict = 'supported' | 'contradicted' | 'depends' | 'not tested';

/**
 * How many cases a statement speaks of. `always`: one case against it contradicts it ("in the worst
 * case"). `general`: most (see SHARES). `some`: one case is enough ("can be realised").
 */
export type Quantifier = 'always' | 'general' | 'some';

/** A transport, and how it grants its pages where there is a choice. */
export interface Side {
  readonly transport: string;
  /** persistent where nothing is said. */
  readonly grantMode?: 'per-transfer' | 'copy';
}

/** Which cells: all whose parameters have one of these values. */
export type Where = Readonly<Record<string, readonly ParameterValue[]>>;

interface TestOfSide {
  readonly of: Side;
  /** All scenarios in which messages are exchanged, where none is named. */
  readonly scenarios?: readonly string[];
  readonly where?: Where;
}

/** A figure of one transport over that of another, at equal parameters and equal effective ring. */
export interface RatioTest extends TestOfSide {
  readonly kind: 'ratio';
  readonly metric: string;
  readonly to: Side;
  readonly threshold: Threshold;
}

/** A figure of one transport against a bound. */
export interface ValueTest extends TestOfSide {
  readonly kind: 'value';
  readonly metric: string;
  /** The figure is divided by this parameter. */
  readonly per?: string;
  readonly threshold: Threshold;
}

/** A figure where one parameter has the first value, over the figure where it has the second. */
export interface ContrastTest extends TestOfSide {
  readonly kind: 'contrast';
  readonly metric: string;
  readonly parameter: string;
  /** A value, or the extreme ones of those that were measured. */
  readonly values: readonly [ParameterValue | 'least', ParameterValue | 'most'];
  readonly threshold: Threshold;
}

/** What the protocol did under a fault: by the words of the outcome, or by one field of it. */
export interface OutcomeTest extends TestOfSide {
  readonly kind: 'outcome';
  readonly scenarios: readonly string[];
  /** The case is for the statement where the outcome has one of these words. */
  readonly any?: readonly OutcomeWord[];
  /** The case is for the statement where the outcome has none of these. */
  readonly none?: readonly OutcomeWord[];
  /** The case is for the statement where this field has one of the values. */
  readonly says?: Saying;
}

/** A field of an outcome, and the values that are meant. */
export interface Saying {
  readonly field: string;
  readonly values: readonly ParameterValue[];
}

/** A sound measurement: all that was sent arrived, intact, and nothing stalled or stayed behind. */
export interface WorksTest extends TestOfSide {
  readonly kind: 'works';
}

/** A price of the profiles that were used, as bytes a second of traffic. */
export interface PriceTest {
  readonly kind: 'price';
  /** A price in time a byte. */
  readonly price: string;
  /** Bytes that cross the memory bus for each byte copied. */
  readonly linesPerByte: number;
  readonly threshold: Threshold;
}

/** The needs (see `needs.ts`) for which a transport is the better choice. */
export interface LeadsTest {
  readonly kind: 'leads';
  readonly of: Side;
}

/** What no cell of this program can answer. */
export interface OpenTest {
  readonly kind: 'open';
  readonly why: string;
}

export type ClaimTest =
  | RatioTest
  | ValueTest
  | ContrastTest
  | OutcomeTest
  | WorksTest
  | PriceTest
  | LeadsTest
  | OpenTest;

/** One question of which the answer to a claim is made. */
export interface ClaimPart {
  /** Few words, unique in its claim: "against libvchan". */
  readonly label: string;
  readonly test: ClaimTest;
  readonly quantifier: Quantifier;
  /**
   * decides: the claim's answer is made of it. needed: so too, and without it the claim is not
   * tested. context: shown beside, for fairness.
   */
  readonly role: 'decides' | 'needed' | 'context';
  /** The command that measures it, where it is not simply the scenarios by name. */
  readonly run?: string;
}

/** One statement of the V4V proposal (xen-devel, 2012). */
export interface Claim {
  readonly id: string;
  /** A few words for tables. */
  readonly title: string;
  /** The statement in our words. */
  readonly statement: string;
  /** Section of the proposal, and the paragraph or list item there. */
  readonly place: string;
  readonly supportedBy: string;
  readonly contradictedBy: string;
  readonly parts: readonly ClaimPart[];
  /** One part that is contradicted contradicts the claim, whatever the others say. */
  readonly conjunction?: true;
  /** What a fair reader should know besides. */
  readonly note?: string;
}
