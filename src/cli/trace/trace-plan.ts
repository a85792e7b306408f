import { unknownName } from '../../base/did-you-mean.js';
import { invariant, UserError } from '../../base/errors.js';
import { formatBytes } from '../../base/units.js';
import type { Scenario } from '../../scenario/contract.js';
import { refusal } from '../../testbed/cell-identity.js';
import type { CellPlan } from '../../testbed/contract.js';
import { CATALOGUE } from '../catalogue.js';
import type { Invocation } from '../command.js';
import { TRACE_SPANS, TRACE_TESTBEDS } from '../commands/trace.js';
import { resolveProfiles } from '../run/profile-files.js';

export type Span = (typeof TRACE_SPANS)[number];

/** What is to be traced. */
export interface TracePlan {
  readonly plan: CellPlan;
  readonly span: Span;
  readonly besideXen: boolean;
}

const GUEST_TYPES = ['pvh', 'pv', 'pv:pvh', 'pvh:pv'] as const;
const GRANT_MODES = ['persistent', 'per-transfer', 'copy'] as const;
const PLACEMENTS = ['own', 'shared'] as const;

/** Reads what is to be traced. Throws UserError for what there is not, or cannot be. */
export function readTracePlan({ options, positionals }: Invocation): TracePlan {
  const scenario = named('a scenario', positionals[0] ?? 'ping-pong', CATALOGUE.scenarios, 'trace');
  const span = options.word('what', TRACE_SPANS) ?? 'message';
  const besideXen = options.word('testbed', TRACE_TESTBEDS) === 'xen';
  if (besideXen && span === 'message' && scenario.name !== 'ping-pong') {
    throw new UserError('beside real Xen, a round trip of ping-pong or a connection is shown', {
      where: '--testbed',
      remedy: 'trace ping-pong, or give --what connect',
    });
  }
  const transport = named(
    'a transport',
    options.text('transport') ?? 'libvchan',
    CATALOGUE.transports,
    '--transport',
  );
  const usual = besideXen ? 'qemu-svm' : 'skylake-2017';
  const [profile] = resolveProfiles(options.given('profile'), CATALOGUE.profiles, usual);
  invariant(profile !== undefined, 'no profile was resolved');
  const type = options.word('guest-type', GUEST_TYPES) ?? 'pvh';
  const [server, client = server] = type.split(':') as ['pv' | 'pvh', ('pv' | 'pvh')?];
  const rest = {
    ...sizes(options, scenario),
    guestTypes: [server, client] as const,
    grantMode: options.word('grant-mode', GRANT_MODES) ?? ('persistent' as const),
    placement: options.word('placement', PLACEMENTS) ?? (besideXen ? 'shared' : 'own'),
    seed: 1,
    settings: Object.fromEntries(
      Object.entries(scenario.settings).map(([name, setting]) => [name, setting.default]),
    ),
  };
  const parameters = { ...rest, messages: scenario.messages(rest) };
  const why = refusal(transport, scenario, parameters);
  if (why !== undefined) {
    throw new UserError(`${transport.name} ${scenario.name}: ${why}`, { where: 'trace' });
  }
  if (scenario.topology(parameters).guests.length < 2) {
    throw new UserError(`a diagram shows two guests, and ${scenario.name} has one`, {
      where: 'trace',
      remedy: 'name another scenario',
    });
  }
  return {
    plan: { profile, transport, scenario, parameters, transportOptions: {} },
    span,
    besideXen,
  };
}

function sizes(options: Invocation['options'], { sweeps }: Scenario) {
  const [sweep] = [...sweeps.quick, ...sweeps.full];
  const one = (name: string, usual: number): number => {
    const given = options.sizes(name);
    if (given === undefined) return usual;
    if (given.length === 1) return given[0] as number;
    throw new UserError('one size is wanted: a diagram shows one cell', { where: `--${name}` });
  };
  return {
    ringSizeBytes: one('ring-size', sweep?.ringSizeBytes?.[0] ?? 65_536),
    messageSizeBytes: one('message-size', sweep?.messageSizeBytes?.[0] ?? 1024),
  };
}

function named<T extends { readonly name: string }>(
  kind: string,
  name: string,
  all: readonly T[],
  where: string,
): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw unknownName(
    kind,
    name,
    all.map((one) => one.name),
    where,
  );
}

/** "libvchan ping-pong: one round trip", and on what. */
export function titles(
  { plan, span }: TracePlan,
  window: string,
  lengthNs: number,
): { readonly title: string; readonly subtitle: string } {
  const { transport, scenario, parameters, profile } = plan;
  const [server, client] = parameters.guestTypes;
  const guests = server === client ? `${server} guests` : `${server} and ${client} guests`;
  const mode = parameters.grantMode === 'persistent' ? [] : [`grants ${parameters.grantMode}`];
  return {
    title: `${transport.name}${span === 'connect' ? '' : ` ${scenario.name}`}: ${window}, ${durationText(lengthNs)}`,
    subtitle: [
      `message ${formatBytes(parameters.messageSizeBytes)}`,
      `ring ${formatBytes(parameters.ringSizeBytes)}`,
      guests,
      ...mode,
      parameters.placement === 'own' ? 'a pCPU for each' : 'one pCPU for all',
      profile.name,
    ].join(', '),
  };
}

/** "12.16 us", "4.47 ms". */
function durationText(lengthNs: number): string {
  return lengthNs < 1e6 ? `${(lengthNs / 1e3).toFixed(2)} us` : `${(lengthNs / 1e6).toFixed(2)} ms`;
}
