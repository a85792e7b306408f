import { beginRun, endRun, type RunFacts } from '../../results/provenance.js';
import { type ResultsFile, SCHEMA_VERSION } from '../../results/types.js';
import type { GrantMode, XenCellRequest, XenScenario, XenTransport } from './cells/request.js';
import type { GuestType, Placement } from './machine/machine-config.js';
import { xenProfileRecord } from './provenance.js';
import { runXenCells, type XenTestbedOptions } from './xen-testbed.js';

/** Sizes of ring and message, in bytes. */
type Sizes = readonly (readonly [ring: number, message: number])[];

interface Sweep {
  readonly transport: XenTransport;
  readonly scenario: XenScenario;
  readonly sizes: Sizes;
  readonly grantModes?: readonly GrantMode[];
  /** Also on physical CPUs of their own. */
  readonly own?: boolean;
}

const K = 1024;

/** What any distribution's Xen can do. */
const STOCK: readonly Sweep[] = [
  {
    transport: 'libvchan',
    scenario: 'ping-pong',
    sizes: [
      [K, 16],
      [4 * K, 64],
      [4 * K, K],
      [64 * K, 16 * K],
      [1024 * K, 64 * K],
    ],
  },
  { transport: 'libvchan', scenario: 'ping-pong', sizes: [[4 * K, 64]], own: true },
  {
    transport: 'libvchan',
    scenario: 'stream',
    sizes: [
      [K, 16],
      [K, 256],
      [2 * K, K],
      [4 * K, 64],
      [4 * K, K],
      [4 * K, 64 * K],
      [16 * K, 4 * K],
      [64 * K, 16],
      [64 * K, K],
      [64 * K, 16 * K],
      [256 * K, 64 * K],
      [1024 * K, K],
      [1024 * K, 64 * K],
    ],
  },
  {
    transport: 'libvchan',
    scenario: 'stream',
    sizes: [
      [4 * K, K],
      [64 * K, K],
    ],
    own: true,
  },
  {
    transport: 'libvchan',
    scenario: 'message-rate',
    sizes: [
      [4 * K, 64],
      [4 * K, 1000],
      [64 * K, K],
      [64 * K, 10_000],
    ],
  },
  {
    transport: 'v2v',
    scenario: 'ping-pong',
    sizes: [
      [4 * K, 64],
      [64 * K, 16 * K],
    ],
  },
  {
    transport: 'v2v',
    scenario: 'stream',
    sizes: [
      [4 * K, K],
      [16 * K, 4 * K],
      [64 * K, K],
      [64 * K, 64 * K],
    ],
  },
  {
    transport: 'v2v',
    scenario: 'message-rate',
    sizes: [
      [4 * K, 64],
      [64 * K, 16],
      [64 * K, K],
      [64 * K, 16 * K],
    ],
  },
  {
    transport: 'v2v',
    scenario: 'grant-mode',
    sizes: [
      [64 * K, 64],
      [64 * K, 4 * K],
      [64 * K, 16 * K],
    ],
    grantModes: ['persistent', 'per-transfer', 'copy'],
  },
  {
    transport: 'v2v',
    scenario: 'bare-grants',
    sizes: [
      [4 * K, 4 * K],
      [4 * K, 16 * K],
    ],
    grantModes: ['per-transfer', 'copy'],
  },
];

/** What only a Xen with Argo can do. */
const ARGO: readonly Sweep[] = [
  {
    transport: 'v4v',
    scenario: 'ping-pong',
    sizes: [
      [4032, 64],
      [4032, K],
      [8000, 3000], // two messages fit
      [65_472, 16 * K],
    ],
  },
  {
    transport: 'v4v',
    scenario: 'message-rate',
    sizes: [
      [4032, 16],
      [4032, 256],
      [4032, K],
      [65_472, K],
      [65_472, 16 * K],
    ],
  },
  {
    transport: 'v4v',
    scenario: 'stream',
    sizes: [
      [4032, 16 * K],
      [65_472, K],
      [65_472, 64 * K],
    ],
  },
];

export const REFERENCE_SETS = ['stock', 'argo'] as const;
export type ReferenceSet = (typeof REFERENCE_SETS)[number];

/** The cells of a reference set, for guests of both types. */
export function referenceCells(set: ReferenceSet): XenCellRequest[] {
  const cells: XenCellRequest[] = [];
  for (const type of ['pvh', 'pv'] as const) {
    for (const sweep of set === 'stock' ? STOCK : ARGO) cells.push(...cellsOf(sweep, type));
  }
  return cells;
}

function cellsOf(sweep: Sweep, type: GuestType): XenCellRequest[] {
  const placement: Placement = sweep.own === true ? 'own' : 'shared';
  return sweep.sizes.flatMap(([ringSizeBytes, messageSizeBytes]) =>
    (sweep.grantModes ?? ['persistent']).map((grantMode) => ({
      transport: sweep.transport,
      scenario: sweep.scenario,
      parameters: {
        ringSizeBytes,
        messageSizeBytes,
        guestTypes: [type, type] as const,
        grantMode,
        placement,
      },
    })),
  );
}

export interface ReferenceFacts extends Omit<RunFacts, 'suite' | 'seed' | 'profiles'> {
  /** Milliseconds since 1970, asked when all is done. */
  readonly now: () => number;
}

/**
 * Measures cells of a reference set anew: a results file with where it came from. `argo` needs `hypervisorFile`.
 * A cell that came to nothing is in the file with its reason, and `run.complete` is false then.
 */
export async function recordReference(
  set: ReferenceSet,
  requests: readonly XenCellRequest[],
  facts: ReferenceFacts,
  options: XenTestbedOptions,
): Promise<ResultsFile> {
  const { now, ...run } = facts;
  const { cells, provenance } = await runXenCells(requests, options);
  const profile = xenProfileRecord(provenance);
  const begun = beginRun({
    ...run,
    suite: `reference-${set}`,
    seed: 1,
    profiles: { [profile.name]: profile },
  });
  const complete = cells.every(({ verdict }) => verdict === 'valid');
  return { schemaVersion: SCHEMA_VERSION, run: endRun(begun, now(), complete), cells };
}
