import { unknownName } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';
import type { Profile } from '../profiles/profile.js';
import type { CellParameters, Scenario } from '../scenario/contract.js';
import { identifyCell, refusal } from '../testbed/cell-identity.js';
import type { TransportDriver } from '../transport/contract.js';
import type { Catalogue, PlannedCell, RunRequest } from './request.js';
import { type AssignedSettings, assignSettings } from './settings.js';
import { combinations, parametersOf, suiteNames, sweepsOf } from './sweep.js';

/** More cells than this in one run are a slip of a range, not a wish. */
const MOST_CELLS = 200_000;

/**
 * The cells of a request in their order: transports that are compared follow one another, so that
 * whatever disturbs a measurement disturbs all of them. No cell stands there twice. Throws UserError
 * for what the catalogue does not know, and when no selected transport can have any of it.
 */
export function planCells(request: RunRequest, catalogue: Catalogue): readonly PlannedCell[] {
  const selection = select(request, catalogue);
  const cells = new Map<string, PlannedCell>();
  const refusals = new Map<string, string>();
  let possible = false;
  for (const point of points(request, selection)) {
    for (const transport of selection.transports) {
      const why = refusal(transport, point.scenario, point.parameters);
      if (why === undefined) possible = true;
      else if (!refusals.has(transport.name)) refusals.set(transport.name, why);
      for (const cell of cellsOf(request, selection, point, transport)) cells.set(cell.id, cell);
    }
    if (cells.size > MOST_CELLS) throw tooMany();
  }
  if (!possible) throw nothingPossible(refusals);
  return [...cells.values()];
}

interface Selection extends Catalogue {
  readonly settings: AssignedSettings;
}

function select(request: RunRequest, catalogue: Catalogue): Selection {
  const transports = byName('a transport', request.transports, catalogue.transports, '--transport');
  const profiles = byName('a profile', request.profiles, catalogue.profiles, '--profile');
  const scenarios = selectedScenarios(request, catalogue.scenarios);
  const settings = assignSettings(request.set, scenarios, transports);
  return { transports, profiles, scenarios, settings };
}

function selectedScenarios(request: RunRequest, all: readonly Scenario[]): readonly Scenario[] {
  const suites = suiteNames(all);
  if (!suites.includes(request.suite)) {
    throw unknownName('a suite', request.suite, suites, '--suite');
  }
  if (request.scenarios.length > 0) return byName('a scenario', request.scenarios, all, 'run');
  return all.filter((scenario) => sweepsOf(scenario, request.suite) !== undefined);
}

/** The named ones, in the order in which they are named, each once. */
function byName<T extends { readonly name: string }>(
  kind: string,
  names: readonly string[],
  all: readonly T[],
  where: string,
): readonly T[] {
  const chosen = [...new Set(names)].map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const known = all.map((one) => one.name);
    throw unknownName(kind, name, known, where);
  });
  if (chosen.length > 0) return chosen;
  throw new UserError(`${kind} is needed, and none is named`, { where });
}

/** One point of a sweep, for all transports. */
interface Point {
  readonly scenario: Scenario;
  readonly profile: Profile;
  readonly parameters: CellParameters;
  readonly draw: number | undefined;
}

function* points(request: RunRequest, selection: Selection): Generator<Point> {
  const draws =
    request.uncertainty === 0
      ? [undefined]
      : Array.from({ length: request.uncertainty }, (_, index) => index + 1);
  for (const scenario of selection.scenarios) {
    const sweeps = sweepsOf(scenario, request.suite) ?? [{}];
    const given = selection.settings.scenarios.get(scenario.name) ?? {};
    for (const profile of selection.profiles) {
      for (const parameters of parametersOf(scenario, sweeps, request, given)) {
        for (const draw of draws) yield { scenario, profile, parameters, draw };
      }
    }
  }
}

function* cellsOf(
  request: RunRequest,
  selection: Selection,
  point: Point,
  transport: TransportDriver,
): Generator<PlannedCell> {
  const { scenario, profile, parameters, draw } = point;
  for (const options of combinations(selection.settings.transports.get(transport.name) ?? {})) {
    const names = {
      testbed: request.testbed,
      profile: profile.name,
      transport: transport.name,
      scenario: scenario.name,
      parameters,
      transportOptions: options,
      ...(draw === undefined ? {} : { draw }),
    };
    yield {
      id: identifyCell(names).id,
      ...names,
      scenarioVersion: scenario.version,
      cost: expectedCost(scenario, parameters),
    };
  }
}

/** Domains have to be built and connected, every message handled, every byte moved. */
function expectedCost(scenario: Scenario, parameters: CellParameters): number {
  const { messages, messageSizeBytes } = parameters;
  const domains = 1 + scenario.topology(parameters).guests.length;
  return 1000 * domains + messages * (1 + messageSizeBytes / 8192);
}

function tooMany(): UserError {
  return new UserError(`more than ${MOST_CELLS} cells are asked for`, {
    where: 'run',
    remedy: 'give fewer sizes, seeds or draws',
  });
}

function nothingPossible(refusals: ReadonlyMap<string, string>): UserError {
  const reasons = [...refusals].map(([transport, why]) => `${transport}: ${why}`);
  return new UserError(`no selected transport can have this: ${reasons.join('; ')}`, {
    where: 'run',
    remedy:
      'choose other sizes or another transport; `interdom list transports` says what each has',
  });
}
