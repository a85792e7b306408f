import { invariant } from '../../base/errors.js';
import { formatBytes } from '../../base/units.js';
import type { PublishedPoint } from '../../judge/validation/validation.js';
import type { Profile } from '../../profiles/profile.js';
import type { Cell } from '../../results/types.js';
import type { CellParameters, Scenario } from '../../scenario/contract.js';
import type { CellPlan } from '../../testbed/contract.js';
import { runModelCell } from '../../testbed/model/model-testbed.js';
import { steadyCounts } from '../../testbed/model/steady-counts.js';
import type { GuestType } from '../../testbed/xen/machine/machine-config.js';
import { CATALOGUE } from '../catalogue.js';
import type { MeetingPoint } from './meeting-points.js';
import type { PublishedTransfer } from './reference-files.js';

/** What the emulated CPU is called, and the machine of the published times. */
const EMULATED = 'qemu-svm';
const PUBLISHED_MACHINE = 'ntua-2013';

/**
 * The emulated CPU under the arguments with which Xen was booted.
 *
 * @param xenArguments Xen's command line, as far as it is not the testbed's own
 */
export function emulatedProfile(xenArguments: string): Profile {
  const profile = named(CATALOGUE.profiles, EMULATED);
  if (!/\bspec-ctrl=\S*\beager-fpu\b/.test(xenArguments)) return profile;
  return { ...profile, features: { ...profile.features, lazyFpu: false } };
}

/** Carries a point out on the model, and counts as real Xen is counted. */
export function modelCell(point: MeetingPoint, profile: Profile): Cell {
  const { ringSizeBytes, messageSizeBytes, messages, guestTypes, grantMode, placement } =
    point.parameters;
  const scenario = named(CATALOGUE.scenarios, point.scenario);
  return steadyCounts(
    plan(point.transport, scenario, profile, {
      ringSizeBytes,
      messageSizeBytes,
      messages,
      guestTypes,
      grantMode,
      placement,
      seed: 1,
      settings: defaultSettings(scenario),
    }),
  );
}

/** Profile under which something breaks: outcomes depend on no price, and this one is complete. */
const USUAL = 'skylake-2017';

/** The model's cell with the parameters of a cell of real Xen in which something breaks. */
export function breakingCell(real: Cell): Cell {
  const scenario = named(CATALOGUE.scenarios, real.scenario);
  const { ringSizeBytes, messageSizeBytes, guestType } = real.parameters;
  const [server, client = server] = String(guestType).split(':') as [GuestType, GuestType?];
  const settings = Object.fromEntries(
    Object.entries(scenario.settings).map(([name, one]) => [
      name,
      real.parameters[name] ?? one.default,
    ]),
  );
  return runModelCell(
    plan(real.transport, scenario, named(CATALOGUE.profiles, USUAL), {
      ringSizeBytes: Number(ringSizeBytes),
      messageSizeBytes: Number(messageSizeBytes),
      messages: 1,
      guestTypes: [server, client],
      grantMode: 'persistent',
      placement: 'own',
      seed: 1,
      settings,
    }),
  );
}

/** Carries a published transfer out on the model. */
export function publishedPoint(transfer: PublishedTransfer): PublishedPoint {
  const { transferBytes, writeBytes, ringBytes, readerUs } = transfer;
  const scenario = named(CATALOGUE.scenarios, 'stream');
  const settings = { ...defaultSettings(scenario), transferBytes };
  const rest = {
    ringSizeBytes: ringBytes,
    messageSizeBytes: writeBytes,
    guestTypes: ['pv', 'pv'] as const,
    grantMode: 'persistent' as const,
    placement: 'own' as const,
    seed: 1,
    settings,
  };
  const parameters = { ...rest, messages: scenario.messages(rest) };
  const profile = named(CATALOGUE.profiles, PUBLISHED_MACHINE);
  const cell = runModelCell(plan('libvchan', scenario, profile, parameters));
  const rate = cell.metrics['bytesPerSecond']?.value;
  const isHeadline = transferBytes === HEADLINE_TRANSFER && writeBytes === HEADLINE_WRITE;
  return {
    curve: isHeadline ? HEADLINE : 'libvchan-intranode, all sizes',
    point: `${formatBytes(transferBytes)} in writes of ${formatBytes(writeBytes)}, ring ${formatBytes(ringBytes)}`,
    unit: 'us',
    published: readerUs,
    ...(rate === undefined
      ? { reason: cell.reason ?? cell.verdict }
      : { model: (transferBytes / rate) * 1e6 }),
  };
}

const HEADLINE_TRANSFER = 16 * 1024 * 1024;
const HEADLINE_WRITE = 1024 * 1024;
const HEADLINE = 'libvchan-intranode, 16 MiB';
/** Larger transfers take the model seconds each. */
const QUICK_TRANSFER = 1024 * 1024;

/** The transfers of a quick comparison: small ones, and those by which the curve is known. */
export function isQuick({ transferBytes, writeBytes }: PublishedTransfer): boolean {
  return (
    transferBytes <= QUICK_TRANSFER ||
    (transferBytes === HEADLINE_TRANSFER && writeBytes === HEADLINE_WRITE)
  );
}

function plan(
  transport: string,
  scenario: Scenario,
  profile: Profile,
  parameters: CellParameters,
): CellPlan {
  return {
    profile,
    transport: named(CATALOGUE.transports, transport),
    scenario,
    parameters,
    transportOptions: {},
  };
}

function defaultSettings({ settings }: Scenario): CellParameters['settings'] {
  return Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, one.default]));
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  invariant(found !== undefined, 'the catalogue lacks what real Xen is compared with', { name });
  return found;
}
