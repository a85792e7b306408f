import { UserError } from '../../base/errors.js';
import type { Cell } from '../../results/types.js';
import {
  type GrantMode,
  XEN_SCENARIOS,
  XEN_TRANSPORTS,
  type XenCellRequest,
  type XenScenario,
  type XenTransport,
} from '../../testbed/xen/cells/request.js';
import { messagesOf } from '../../testbed/xen/cells/windows.js';
import {
  FAILURE_SCENARIOS,
  type FailureScenario,
} from '../../testbed/xen/failure/failure-request.js';
import type { GuestType, Placement } from '../../testbed/xen/machine/machine-config.js';
import type { Invocation } from '../command.js';
import type { Recorded } from './reference-files.js';

/** A point at which model and real Xen meet: what both are to carry out. */
export type MeetingPoint = XenCellRequest & {
  readonly parameters: { readonly messages: number };
};

const GUEST_TYPES: readonly GuestType[] = ['pvh', 'pv'];
const GRANT_MODES: readonly GrantMode[] = ['persistent', 'per-transfer', 'copy'];

/** Which part of all that can be compared the user wants. */
export interface Part {
  readonly scenarios: readonly (XenScenario | FailureScenario)[] | undefined;
  readonly transports: readonly XenTransport[] | undefined;
  readonly guestTypes: readonly GuestType[] | undefined;
  /** Sizes that need not have been recorded. */
  readonly ringSizes: readonly number[] | undefined;
  readonly messageSizes: readonly number[] | undefined;
  readonly grantModes: readonly GrantMode[] | undefined;
}

/** Reads what is wanted. Throws UserError for what real Xen cannot do. */
export function readPart({ options, positionals }: Invocation): Part {
  const part: Part = {
    scenarios: positionals.length === 0 ? undefined : positionals.map(scenarioNamed),
    transports: options.words('transport', XEN_TRANSPORTS),
    guestTypes: options.words('guest-type', GUEST_TYPES),
    ringSizes: options.sizes('ring-size'),
    messageSizes: options.sizes('message-size'),
    grantModes: options.words('grant-mode', GRANT_MODES),
  };
  if (part.grantModes !== undefined && !hasSizes(part)) {
    throw new UserError('grant modes are chosen together with sizes', {
      where: '--grant-mode',
      remedy: 'give --ring-size or --message-size too, or leave it out for all recorded modes',
    });
  }
  return part;
}

const SCENARIOS = [...XEN_SCENARIOS, ...FAILURE_SCENARIOS];

function scenarioNamed(name: string): XenScenario | FailureScenario {
  const found = SCENARIOS.find((one) => one === name);
  if (found !== undefined) return found;
  throw new UserError(`real Xen does not carry out "${name}"`, {
    where: 'interdom validate',
    remedy: `choose of ${SCENARIOS.join(', ')}`,
  });
}

/** Whether sizes are given that need not have been recorded. */
export function hasSizes({ ringSizes, messageSizes }: Part): boolean {
  return ringSizes !== undefined || messageSizes !== undefined;
}

/** Whether something is chosen at all. */
export function isPart(part: Part): boolean {
  return Object.values(part).some((value) => value !== undefined);
}

/** Cells in which something breaks that belong to the part. Where sizes are measured, none do. */
export function breakingCells(
  { breaking }: Pick<Recorded, 'breaking'>,
  part: Part,
): readonly Cell[] {
  if (hasSizes(part)) return [];
  return breaking.filter(
    ({ scenario, transport, parameters }) =>
      (part.scenarios?.some((one) => one === scenario) ?? true) &&
      (part.transports?.some((one) => one === transport) ?? true) &&
      (part.guestTypes?.some((one) => one === parameters['guestType']) ?? true),
  );
}

/** The points of recorded cells that belong to the part. */
export function recordedPoints(
  { cells }: Pick<Recorded, 'cells'>,
  part: Part,
): readonly MeetingPoint[] {
  return cells.flatMap((cell) => {
    const point = pointOf(cell);
    return point !== undefined && isWanted(point, part) ? [point] : [];
  });
}

function isWanted({ scenario, transport, parameters }: MeetingPoint, part: Part): boolean {
  const types = parameters.guestTypes;
  return (
    (part.scenarios?.includes(scenario) ?? true) &&
    (part.transports?.includes(transport) ?? true) &&
    (part.guestTypes === undefined || types.every((type) => part.guestTypes?.includes(type)))
  );
}

/** The point of a recorded cell; undefined where this program does not know its transport or scenario. */
function pointOf(cell: Cell): MeetingPoint | undefined {
  const transport = XEN_TRANSPORTS.find((one) => one === cell.transport);
  const scenario = XEN_SCENARIOS.find((one) => one === cell.scenario);
  if (transport === undefined || scenario === undefined) return undefined;
  const { ringSizeBytes, messageSizeBytes, messages, guestType, grantMode, placement } =
    cell.parameters;
  const [server, client = server] = String(guestType).split(':') as [GuestType, GuestType?];
  return {
    transport,
    scenario,
    parameters: {
      ringSizeBytes: Number(ringSizeBytes),
      messageSizeBytes: Number(messageSizeBytes),
      messages: Number(messages),
      guestTypes: [server, client],
      grantMode: grantMode as GrantMode,
      placement: placement as Placement,
    },
  };
}

const DEFAULT_SIZES = [4096, 65_536];
const DEFAULT_MESSAGES = [64, 1024];

function countedScenarios({ scenarios }: Part): readonly XenScenario[] {
  if (scenarios === undefined) return ['ping-pong', 'message-rate'];
  return XEN_SCENARIOS.filter((one) => scenarios.includes(one));
}

/** Every combination of what is given, for sizes that need not have been recorded. */
export function newPoints(part: Part): readonly MeetingPoint[] {
  const points: MeetingPoint[] = [];
  for (const scenario of countedScenarios(part)) {
    for (const ringSizeBytes of part.ringSizes ?? DEFAULT_SIZES) {
      for (const messageSizeBytes of part.messageSizes ?? DEFAULT_MESSAGES) {
        for (const transport of part.transports ?? (['libvchan', 'v2v'] as const)) {
          for (const type of part.guestTypes ?? GUEST_TYPES) {
            for (const grantMode of part.grantModes ?? (['persistent'] as const)) {
              const request: XenCellRequest = {
                transport,
                scenario,
                parameters: {
                  ringSizeBytes,
                  messageSizeBytes,
                  guestTypes: [type, type],
                  grantMode,
                  placement: 'shared',
                },
              };
              const messages = messagesOf(request);
              points.push({ ...request, parameters: { ...request.parameters, messages } });
            }
          }
        }
      }
    }
  }
  return points;
}

/** Sizes of the cells that a quick fresh measurement repeats: one of each kind of work. */
const QUICK: readonly (readonly [XenTransport, XenScenario, ring: number, message: number])[] = [
  ['libvchan', 'ping-pong', 4096, 64],
  ['libvchan', 'stream', 4096, 1024],
  ['libvchan', 'message-rate', 65_536, 1024],
  ['v2v', 'ping-pong', 4096, 64],
  ['v2v', 'message-rate', 65_536, 1024],
  ['v2v', 'grant-mode', 65_536, 4096],
  ['v4v', 'ping-pong', 4032, 64],
  ['v4v', 'message-rate', 4032, 1024],
];

/** The points that a quick fresh measurement carries out. */
export function quickPoints(points: readonly MeetingPoint[]): readonly MeetingPoint[] {
  return points.filter(
    ({ transport, scenario, parameters }) =>
      parameters.placement === 'shared' &&
      QUICK.some(
        ([t, s, ring, message]) =>
          t === transport &&
          s === scenario &&
          ring === parameters.ringSizeBytes &&
          message === parameters.messageSizeBytes,
      ),
  );
}
