import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import type { Cell, ParameterValue } from '../../results/types.js';
import type { Side, Where } from './claim.js';
import type { CellIndex } from './claim-cells.js';

/** Scenarios in which messages go from one domain to another and nothing breaks. */
export const TRAFFIC: readonly string[] = [
  'buffer-size',
  'stream',
  'message-rate',
  'ping-pong',
  'paced',
  'bidirectional',
  'fan-in',
  'grant-mode',
  'copy-locality',
];

/** Scenarios in which something breaks or runs out: they belong to a suite of their own. */
export const FAILURE: readonly string[] = [
  'broker-outage',
  'symmetric-crash',
  'destroy-order',
  'hostile-peer',
  'isolation',
  'reconnect',
  'channel-depletion',
  'setup-storm',
  'one-to-many',
  'noisy-neighbour',
  'suspend-resume',
  'untold-survivor',
  'dom0-peer',
];

/** The command that measures some scenarios, with the suite in which they have their sweeps. */
export function commandFor(scenarios: readonly string[]): string {
  if (scenarios.every((name) => name === PROGRAM_SCENARIO))
    return 'interdom programs -o programs.json';
  const fails = scenarios.every((name) => FAILURE.includes(name));
  return `interdom run ${scenarios.join(' ')}${fails ? ' --suite failure' : ''}`;
}

/** Cells of one side, as the test wants them. */
export function cellsOfSide(
  cells: CellIndex,
  side: Side,
  scenarios: readonly string[],
  where: Where = {},
): readonly Cell[] {
  const wanted = side.grantMode ?? 'persistent';
  return scenarios.flatMap((scenario) =>
    cells.of(scenario, side.transport).filter(
      ({ parameters }) =>
        (parameters['grantMode'] ?? 'persistent') === wanted &&
        // A copy of a made-up width is no measurement of any transport, unless it is asked for.
        (Object.hasOwn(where, 'copyBits') || Number(parameters['copyBits'] ?? 0) === 0) &&
        isAt(parameters, where),
    ),
  );
}

function isAt(parameters: Cell['parameters'], where: Where): boolean {
  return Object.entries(where).every(([name, values]) =>
    values.includes(parameters[name] as ParameterValue),
  );
}
