import { unknownName } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';
import type { CellParameters, Scenario } from '../scenario/contract.js';
import { identifyCell } from '../testbed/cell-identity.js';
import type { TransportDriver } from '../transport/contract.js';
import { refusalOf } from './refusal.js';
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
      for (const cell of cellsOf(request, selection, point, transport)) {
        const why = refusalOf(cell, catalogue);
        if (why === undefined) possible = true;
        else if (!refusals.has(transport.name)) refusals.set(transport.name, why);
        cells.set(cell.id, cell);
      }
    }
    if (cells.size > MOST_CELLS) throw tooMany();
  }
  if (!possible) throw nothingPossible(refusals);
  return [...cells.values()];
}

interface Selection extends Omit<Catalogue, 'profiles'> {
  readonly profiles: readonly { readonly name: string }[];
  readonly settings: AssignedSettings;
}

function select(request: RunRequest, catalogue: Catalogue): Selection {
  const transports = byName('a transport', request.transports, catalogue.transports, '--transport');
  const { rules = {} } = catalogue;
  const computers = rules.profiles?.map((name) => ({ name })) ?? catalogue.profiles;
  const profiles = byName('a profile', request.profiles, computers, '--profile');
  const scenarios = selectedScenarios(request, catalogue);
  const settings = assignSettings(request.set, scenarios, transports);
  return { transports, profiles, scenarios, settings, rules };
}

function selectedScenarios(
  request: RunRequest,
  { scenarios: all, rules }: Catalogue,
): readonly Scenario[] {
  const suites = suiteNames(all);
  if (!suites.includes(request.suite)) {
    throw unknownName('a suite', request.suite, suites, '--suite');
  }
  if (request.scenarios.length > 0) return byName('a scenario', request.scenarios, all, 'run');
  const taking = all.filter((scenario) => sweepsOf(scenario, request.suite, rules) !== undefined);
  if (taking.length > 0) return taking;
  throw new UserError(`the testbed ${request.testbed} has no suite "${request.suite}"`, {
    where: '--suite',
    remedy: 'choose another suite, or name scenarios',
  });
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
  readonly profile: string;
  readonly parameters: CellParameters;
  readonly draw: number | undefined;
}

function* points(request: RunRequest, selection: Selection): Generator<Point> {
  const { rules } = selection;
  const draws =
    request.uncertainty === 0
      ? [undefined]
      : Array.from({ length: request.uncertainty }, (_, index) => index + 1);
  for (const scenario of selection.scenarios) {
    const sweeps = sweepsOf(scenario, request.suite, rules) ?? [{}];
    const given = selection.settings.scenarios.get(scenario.name) ?? {};
    for (const profile of selection.profiles) {
      for (const parameters of parametersOf(scenario, sweeps, request, given, rules?.defaults)) {
        for (const draw of draws) yield { scenario, profile: profile.name, parameters, draw };
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
    const asked = {
      testbed: request.testbed,
      profile,
      transport: transport.name,
      scenario: scenario.name,
      transportOptions: options,
      ...(draw === undefined ? {} : { draw }),
    };
    const { messages: usual, ...unmeasured } = parameters;
    const own = selection.rules?.messages?.({ ...asked, parameters: unmeasured });
    const messages = request.messages ?? own ?? usual;
    const names = { ...asked, parameters: { ...unmeasured, messages } };
    yield {
      id: identifyCell(names).id,
      ...names,
      scenarioVersion: scenario.version,
      cost: expectedCost(scenario, names.parameters),
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
  const different = new Set(refusals.values());
  const reasons =
    different.size === 1 && refusals.size > 1
      ? [...different]
      : [...refusals].map(([transport, why]) => `${transport}: ${why}`);
  return new UserError(`no selected transport can have this: ${reasons.join('; ')}`, {
    where: 'run',
    remedy:
      'choose other sizes, transports or scenarios; `interdom list transports` says what each has',
  });
}
