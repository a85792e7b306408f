import type { Cell, ParameterValue, ProfileRecord } from '../../results/types.js';
import { observeLeads } from './choice.js';
import type {
  ClaimTest,
  ContrastTest,
  OutcomeTest,
  PriceTest,
  Saying,
  ValueTest,
  WorksTest,
} from './claim.js';
import type { CellIndex } from './claim-cells.js';
import { figureOf, figureText } from './figure.js';
import { type Observation, placeKey, placeOf } from './observation.js';
import { observeRatios } from './observe-ratios.js';
import { outcomeWords, TROUBLE } from './outcome-words.js';
import { cellsOfSide, TRAFFIC } from './sides.js';
import { meets } from './thresholds.js';

/**
 * Every case of a test that these cells hold, in their order.
 *
 * @param profiles whose own prices are judged; empty where the cells have drawn ones, which no file tells
 */
export function observe(
  test: ClaimTest,
  cells: CellIndex,
  profiles: Readonly<Record<string, ProfileRecord>>,
): readonly Observation[] {
  switch (test.kind) {
    case 'ratio':
      return observeRatios(test, cells);
    case 'value':
      return observeValues(test, cells);
    case 'contrast':
      return observeContrasts(test, cells);
    case 'outcome':
      return observeOutcomes(test, cells);
    case 'works':
      return observeWorks(test, cells);
    case 'price':
      return observePrices(test, profiles);
    case 'leads':
      return observeLeads(test, cells);
    case 'open':
      return [];
  }
}

function observeValues(test: ValueTest, cells: CellIndex): readonly Observation[] {
  const found: Observation[] = [];
  for (const cell of cellsOfSide(cells, test.of, test.scenarios ?? TRAFFIC, test.where)) {
    const whole = figureOf(cell, test.metric);
    if (whole === undefined) continue;
    const divisor = test.per === undefined ? 1 : Number(cell.parameters[test.per]);
    if (!(divisor > 0)) continue;
    const figure = { value: whole.value / divisor, unit: whole.unit };
    found.push({
      at: placeOf(cell),
      figure,
      holds: meets(test.threshold, figure.value),
      behind: '',
      cells: [cell.id],
    });
  }
  return found;
}

function observeContrasts(test: ContrastTest, cells: CellIndex): readonly Observation[] {
  const { parameter, values } = test;
  const where = { ...test.where, ...(parameter === 'copyBits' ? { copyBits: values } : {}) };
  const own = cellsOfSide(cells, test.of, test.scenarios ?? TRAFFIC, where);
  const families = new Map<string, Cell[]>();
  for (const cell of own) {
    if (cell.parameters[parameter] === undefined) continue;
    const key = `${placeKey(placeOf(cell, new Set([parameter])))}@${cell.scenarioVersion}`;
    families.set(key, [...(families.get(key) ?? []), cell]);
  }
  const found: Observation[] = [];
  for (const family of families.values()) {
    const [upper, lower] = values.map((value) => memberAt(family, parameter, value));
    if (upper === undefined || lower === undefined || upper === lower) continue;
    const [above, below] = [figureOf(upper, test.metric), figureOf(lower, test.metric)];
    if (above === undefined || below === undefined || below.value <= 0) continue;
    const ratio = above.value / below.value;
    found.push({
      at: placeOf(upper, new Set([parameter])),
      figure: { value: ratio, unit: 'x' },
      holds: meets(test.threshold, ratio),
      behind: `${figureText(above)} against ${figureText(below)}`,
      cells: [upper.id, lower.id],
    });
  }
  return found;
}

function memberAt(
  family: readonly Cell[],
  parameter: string,
  value: ParameterValue,
): Cell | undefined {
  if (value !== 'least' && value !== 'most') {
    return family.find((cell) => cell.parameters[parameter] === value);
  }
  const sorted = family
    .filter((cell) => cell.verdict === 'valid')
    .sort((a, b) => Number(a.parameters[parameter]) - Number(b.parameters[parameter]));
  return value === 'least' ? sorted[0] : sorted.at(-1);
}

function observeOutcomes(test: OutcomeTest, cells: CellIndex): readonly Observation[] {
  const found: Observation[] = [];
  for (const cell of cellsOfSide(cells, test.of, test.scenarios, test.where)) {
    if (cell.verdict !== 'valid' || cell.outcome === undefined) continue;
    const seen = test.says === undefined ? byWords(test, cell) : bySaying(test.says, cell.outcome);
    if (seen === undefined) continue;
    found.push({
      at: placeOf(cell),
      figure: { value: seen.holds ? 1 : 0, unit: '1' },
      ...seen,
      cells: [cell.id],
    });
  }
  return found;
}

type Seen = Pick<Observation, 'holds' | 'behind'>;

function byWords(test: OutcomeTest, cell: Cell): Seen | undefined {
  const words = outcomeWords(cell);
  if (words.size === 0) return undefined;
  const any = test.any?.some((word) => words.has(word)) ?? true;
  const none = !(test.none?.some((word) => words.has(word)) ?? false);
  return { holds: any && none, behind: [...words].join(', ') };
}

function bySaying(
  { field, values }: Saying,
  outcome: NonNullable<Cell['outcome']>,
): Seen | undefined {
  const value = Object.hasOwn(outcome, field) ? outcome[field] : undefined;
  if (value === undefined) return undefined;
  return { holds: values.includes(value), behind: `${inWords(field)}: ${String(value)}` };
}

/** "zombieLeft" as "zombie left". */
function inWords(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

/** A cell whose measurement is not sound says nothing, either way. */
function observeWorks(test: WorksTest, cells: CellIndex): readonly Observation[] {
  return cellsOfSide(cells, test.of, test.scenarios ?? TRAFFIC, test.where)
    .filter(({ verdict }) => verdict === 'valid')
    .map((cell) => {
      const trouble = TROUBLE.filter((word) => outcomeWords(cell).has(word));
      return {
        at: placeOf(cell),
        figure: { value: trouble.length === 0 ? 1 : 0, unit: '1' },
        holds: trouble.length === 0,
        behind: trouble.join(', '),
        cells: [cell.id],
      };
    });
}

/** Time for each unit of a price in nanoseconds. */
const NS_PER_BYTE: Readonly<Record<string, number>> = { 'ps/B': 1e-3, 'ns/B': 1 };

function observePrices(
  test: PriceTest,
  profiles: Readonly<Record<string, ProfileRecord>>,
): readonly Observation[] {
  const found: Observation[] = [];
  for (const [profile, { prices }] of Object.entries(profiles)) {
    const price = Object.hasOwn(prices, test.price) ? prices[test.price] : undefined;
    const nsPerUnit = price === undefined ? undefined : NS_PER_BYTE[price.unit];
    if (price === undefined || nsPerUnit === undefined || !(price.value > 0)) continue;
    const rate = (time: number): number => (test.linesPerByte * 1e9) / (time * nsPerUnit);
    const value = rate(price.value);
    if (!Number.isFinite(value)) continue;
    const range = [price.high, price.low].map((time) => rate(time) / 1e9);
    found.push({
      at: { profile },
      figure: { value, unit: 'GB/s' },
      holds: meets(test.threshold, value),
      behind: `${range.map((gigabytes) => gigabytes.toFixed(1)).join(' to ')} by its range, ${price.confidence}`,
      cells: [],
    });
  }
  return found;
}
