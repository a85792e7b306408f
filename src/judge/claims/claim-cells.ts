import type { Cell, ProfileRecord, ResultsFile, RunDescription } from '../../results/types.js';

/** The cells of some runs, in the order in which claims look at them. */
export interface ClaimCells {
  /** Measured at the profiles' own prices. */
  readonly plain: readonly Cell[];
  /** Measured at drawn prices, by draw: all transports of one draw have the same prices. */
  readonly draws: ReadonlyMap<string, readonly Cell[]>;
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
  /** Cells whose measurement is not sound: they say nothing. */
  readonly unsound: number;
}

/**
 * All cells of the runs. Where two runs hold the same cell, the run named later counts. Runs with equally many draws of
 * one seed have the same prices in each: their draws are put together.
 */
export function gatherCells(runs: readonly ResultsFile[]): ClaimCells {
  const plain = new Map<string, Cell>();
  const draws = new Map<string, Map<string, Cell>>();
  const profiles: Record<string, ProfileRecord> = {};
  let unsound = 0;
  runs.forEach(({ run, cells }, index) => {
    Object.assign(profiles, run.profiles);
    const set = setOfDraws(run) ?? `run ${index + 1}`;
    for (const cell of cells) {
      if (cell.verdict === 'invalid' || cell.verdict === 'unknown') unsound++;
      const draw = cell.parameters['draw'];
      if (draw === undefined) {
        plain.set(cell.id, cell);
        continue;
      }
      const key = `${set}, draw ${String(draw)}`;
      const of = draws.get(key) ?? new Map<string, Cell>();
      draws.set(key, of.set(cell.id, cell));
    }
  });
  return {
    plain: [...plain.values()],
    draws: new Map([...draws].map(([key, of]) => [key, [...of.values()]] as const)),
    profiles,
    unsound,
  };
}

/** What decides which prices were drawn; undefined where the run does not say. */
function setOfDraws({ options, version }: RunDescription): string | undefined {
  const [seed, draws] = [options?.['seed'], options?.['uncertainty']];
  if (typeof seed !== 'number' || typeof draws !== 'number' || draws === 0) return undefined;
  return `seed ${seed} of ${draws} by ${version}`;
}

/** Cells by scenario and transport, so that a test of a claim does not walk through all. */
export class CellIndex {
  private readonly byScenario = new Map<string, Map<string, Cell[]>>();

  constructor(cells: readonly Cell[]) {
    for (const cell of cells) {
      const scenario = this.byScenario.get(cell.scenario) ?? new Map<string, Cell[]>();
      this.byScenario.set(cell.scenario, scenario);
      const own = scenario.get(cell.transport);
      if (own === undefined) scenario.set(cell.transport, [cell]);
      else own.push(cell);
    }
  }

  get scenarios(): readonly string[] {
    return [...this.byScenario.keys()];
  }

  of(scenario: string, transport: string): readonly Cell[] {
    return this.byScenario.get(scenario)?.get(transport) ?? [];
  }
}
