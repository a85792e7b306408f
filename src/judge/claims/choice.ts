import { grouped } from '../../base/grouped.js';
import type { Cell } from '../../results/types.js';
import { geometricMean } from '../../stats/summary.js';
import type { LeadsTest } from './claim.js';
import type { CellIndex } from './claim-cells.js';
import { dependences } from './dependence.js';
import { figureText } from './figure.js';
import { METRIC_WORDS, NEEDS, type Need } from './needs.js';
import type { Observation } from './observation.js';
import { observeRatios } from './observe-ratios.js';
import { outcomeWords } from './outcome-words.js';
import { cellsOfSide, commandFor } from './sides.js';
import { LEAD, SHARES } from './thresholds.js';
import { LIBVCHAN, V2V, V4V } from './transports.js';
import { typicalCases } from './typical-cases.js';

/** One row of "who should use which". */
export interface ChoiceRow {
  readonly id: string;
  readonly need: string;
  readonly use: 'v4v' | 'libvchan' | 'either' | 'neither' | 'depends' | 'not tested';
  readonly because: string;
  readonly cells: readonly string[];
}

/**
 * The table: V4V or libvchan, by need.
 * @param worlds the cells at the profiles' prices; or those of each draw, and the middle counts
 */
export function choices(worlds: readonly CellIndex[]): readonly ChoiceRow[] {
  return NEEDS.map((need) => {
    const [first, ...others] = worlds.map((cells) => casesOf(need, cells));
    const cases = others.length === 0 ? (first ?? []) : typicalCases([first ?? [], ...others]);
    if (cases.length === 0) {
      const because = need.run ?? commandFor(need.scenarios);
      return { id: need.id, need: need.need, use: 'not tested', because, cells: [] };
    }
    const use = nobodyEndsWell(need, worlds) ? 'neither' : leader(cases);
    return {
      id: need.id,
      need: need.need,
      use,
      because: need.metric === undefined ? endingsText(need, worlds) : figures(need, cases, use),
      cells: [...new Set(cases.flatMap(({ cells: ids }) => ids))],
    };
  });
}

/** For the claim that both have their place: the needs in which a transport leads, by profile. */
export function observeLeads(test: LeadsTest, cells: CellIndex): readonly Observation[] {
  return NEEDS.flatMap((need) => {
    const cases = casesOf(need, cells);
    const byProfile = grouped(cases, ({ at }) => String(at['profile']));
    return [...byProfile].map(([profile, own]) => {
      const use = leader(own);
      return {
        at: { profile, scenario: need.id },
        figure: { value: use === test.of.transport ? 1 : 0, unit: '1' },
        holds: use === test.of.transport,
        behind: '',
        cells: own.flatMap(({ cells: ids }) => ids),
      };
    });
  });
}

/** How many times V4V is better, in each case: below 1 where libvchan is. */
function casesOf(need: Need, cells: CellIndex): readonly Observation[] {
  if (need.metric === undefined) return outcomeCases(need, cells);
  const [of, to] = need.better === 'higher' ? [V4V, LIBVCHAN] : [LIBVCHAN, V4V];
  const { metric, scenarios, where } = need;
  const threshold = { least: 1, words: '' };
  const test = { kind: 'ratio', metric, scenarios, of, to, threshold } as const;
  return observeRatios(where === undefined ? test : { ...test, where }, cells);
}

/** One case a scenario and profile: the share of cells that end well, V4V's over libvchan's. */
function outcomeCases(need: Need, cells: CellIndex): readonly Observation[] {
  const cases: Observation[] = [];
  for (const scenario of need.scenarios) {
    const mine = endings(need, cells, scenario, V4V.transport);
    const its = endings(need, cells, scenario, LIBVCHAN.transport);
    for (const [profile, own] of mine) {
      const other = its.get(profile);
      if (other === undefined) continue;
      const [good, better] = [own, other].map(({ well, ids }) => well / ids.length);
      const value = good === better ? 1 : (good as number) / (better as number);
      cases.push({
        at: { scenario, profile },
        figure: { value, unit: 'x' },
        holds: value >= 1,
        behind: '',
        cells: [...own.ids, ...other.ids],
      });
    }
  }
  return cases;
}

interface Endings {
  well: number;
  readonly ids: string[];
}

function endings(
  need: Need,
  cells: CellIndex,
  scenario: string,
  transport: string,
): ReadonlyMap<string, Endings> {
  const byProfile = new Map<string, Endings>();
  for (const cell of cellsOfSide(cells, { transport }, [scenario], need.where)) {
    const well = cell.verdict === 'valid' ? endsWell(need, cell) : undefined;
    if (well === undefined) continue;
    const own = byProfile.get(cell.profile) ?? { well: 0, ids: [] };
    byProfile.set(cell.profile, own);
    own.ids.push(cell.id);
    if (well) own.well++;
  }
  return byProfile;
}

/** Undefined where the outcome does not say. */
function endsWell({ wanted, unwanted = [] }: Need, cell: Cell): boolean | undefined {
  if (wanted !== undefined) {
    const value = cell.outcome?.[wanted.field];
    return value === undefined ? undefined : wanted.values.includes(value);
  }
  const words = outcomeWords(cell);
  return words.size === 0 ? undefined : !unwanted.some((word) => words.has(word));
}

/** Who is better in most cases, and by more than a trifle in the mean. */
function leader(cases: readonly Observation[]): 'v4v' | 'libvchan' | 'either' | 'depends' {
  const wins = cases.filter(({ figure }) => figure.value > LEAD).length / cases.length;
  const losses = cases.filter(({ figure }) => figure.value < 1 / LEAD).length / cases.length;
  if (wins >= SHARES.supported) return 'v4v';
  if (losses >= SHARES.supported) return 'libvchan';
  const mean = meanFactor(cases);
  const isTrifle = mean !== undefined && mean <= LEAD && mean >= 1 / LEAD;
  if (wins + losses <= 1 - SHARES.supported) return 'either';
  if (isTrifle && (wins === 0 || losses === 0)) return 'either';
  if (losses === 0 || wins === 0) return wins > losses ? 'v4v' : 'libvchan';
  return 'depends';
}

/** Undefined where a figure is nothing, or the other one is. */
function meanFactor(cases: readonly Observation[]): number | undefined {
  const factors = cases.map(({ figure }) => figure.value);
  return factors.every((one) => one > 0 && Number.isFinite(one))
    ? geometricMean(factors)
    : undefined;
}

function figures(need: Need, cases: readonly Observation[], use: ChoiceRow['use']): string {
  const what = METRIC_WORDS[need.metric ?? ''] ?? need.metric ?? '';
  const mean = meanFactor(cases);
  if (mean === undefined) {
    const end = cases.find(({ figure }) => !(figure.value > 0 && Number.isFinite(figure.value)));
    const order = need.better === 'higher' ? 'v4v against libvchan' : 'libvchan against v4v';
    return `${what}: ${end?.behind ?? ''} (${order})`;
  }
  const factor = use === 'libvchan' ? 1 / mean : mean;
  const count = cases.length === 1 ? '1 case' : `${cases.length} cases`;
  const lead = `${what} ${figureText({ value: factor, unit: 'x' })} in the mean of ${count}`;
  switch (use) {
    case 'either':
      return `${what} ${figureText({ value: mean, unit: 'x' })} for V4V in the mean of ${count}`;
    case 'depends':
      return [lead.replace(/x in/, 'x for V4V in'), ...onWhat(cases)].join('; ');
    default:
      return lead;
  }
}

function onWhat(cases: readonly Observation[]): readonly string[] {
  const found = dependences(cases).map(({ text }) => text);
  return found.length === 0 ? [] : [`V4V leads by ${found.join('; ')}`];
}

/** A draw between two that both fail is no choice. */
function nobodyEndsWell(need: Need, worlds: readonly CellIndex[]): boolean {
  return (
    need.metric === undefined &&
    [V4V, LIBVCHAN].every(({ transport }) => allEndings(need, worlds, transport).well === 0)
  );
}

function endingsText(need: Need, worlds: readonly CellIndex[]): string {
  return [V4V, LIBVCHAN, V2V]
    .map(({ transport }) => {
      const { well, all } = allEndings(need, worlds, transport);
      return all === 0 ? '' : `${transport} in ${well} of ${all} cases`;
    })
    .filter((text) => text !== '')
    .join(', ');
}

function allEndings(
  need: Need,
  worlds: readonly CellIndex[],
  transport: string,
): { readonly well: number; readonly all: number } {
  const seen = worlds.flatMap((cells) =>
    need.scenarios.flatMap((scenario) => [...endings(need, cells, scenario, transport).values()]),
  );
  return {
    well: seen.reduce((sum, { well }) => sum + well, 0),
    all: seen.reduce((sum, { ids }) => sum + ids.length, 0),
  };
}
