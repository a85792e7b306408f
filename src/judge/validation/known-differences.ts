import type { Cell } from '../../results/types.js';

/** A way in which model and real Xen differ, and why. docs/failure.md says it at length. */
interface KnownDifference {
  readonly scenario: string;
  readonly field: string;
  readonly transports: readonly string[];
  /** Whether these very values are what is explained. */
  readonly applies: (model: unknown, real: unknown, cell: Cell) => boolean;
  readonly why: string;
}

const KNOWN: readonly KnownDifference[] = [
  {
    scenario: 'channel-depletion',
    field: 'connections',
    transports: ['libvchan'],
    applies: (model, real, { parameters }) =>
      parameters['scarce'] === 'as delivered' && Number(model) - Number(real) === 1,
    why:
      "the quota of nodes stops both; on real Xen three nodes more, as many as a connection takes, are the agent's own: " +
      'through them the guest is told what to do',
  },
];

/** Why a field of a cell differs; undefined where nobody knows. */
export function knownDifference(
  cell: Cell,
  field: string,
  model: unknown,
  real: unknown,
): string | undefined {
  return KNOWN.find(
    (known) =>
      known.scenario === cell.scenario &&
      known.field === field &&
      known.transports.includes(cell.transport) &&
      known.applies(model, real, cell),
  )?.why;
}
