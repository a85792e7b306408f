import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { Profile } from '../../profiles/profile.js';
import type { Catalogue, RunRequest, Shard } from '../../runner/request.js';
import { parseGuestTypes } from '../../runner/sweep.js';
import type { PlanningRules } from '../../testbed/contract.js';
import type { OptionValues } from '../options/option-values.js';
import { type OfferedTestbed, offeredTestbed, TESTBEDS, takesBatches } from '../testbeds.js';
import { resolveProfiles } from './profile-files.js';

/** The largest seed: 32 bits count. */
const LARGEST_SEED = 0xffff_ffff;
const MOST_MESSAGES = 1_000_000_000;
const MOST_REPEATS = 10_000;

/** A request, and the catalogue that it was made from: with the user's own profiles in it. */
export interface ReadRequest {
  readonly request: RunRequest;
  readonly catalogue: Catalogue;
}

/** Reads the options of `run` that decide which cells there are. Throws UserError. */
export async function readRequest(
  options: OptionValues,
  scenarios: readonly string[],
  known: Catalogue,
): Promise<ReadRequest> {
  const testbed = testbedNamed(options);
  refuseOptionsOfOthers(options, testbed);
  const testbedOptions = takesBatches(testbed) ? testbed.settings(options) : {};
  const { catalogue, profiles } = await withComputers(options, known, testbed, testbedOptions);
  const given = {
    ringSizeBytes: options.sizes('ring-size'),
    messageSizeBytes: options.sizes('message-size'),
    guestType: guestTypes(options),
    grantMode: options.words('grant-mode', ['persistent', 'per-transfer', 'copy']),
    placement: options.words('placement', ['own', 'shared']),
    messages: options.integer('messages', 1, MOST_MESSAGES),
    shard: shardOf(options),
  };
  const request: RunRequest = {
    testbed: testbed.name,
    ...(Object.keys(testbedOptions).length === 0 ? {} : { testbedOptions }),
    transports: transportNames(options, catalogue),
    profiles,
    scenarios: scenarioNames(scenarios, catalogue),
    suite: options.text('suite') ?? 'quick',
    ...withoutUndefined(given),
    seed: options.integer('seed', 0, LARGEST_SEED) ?? 1,
    seeds: options.integer('seeds', 1, MOST_REPEATS) ?? 1,
    uncertainty: options.integer('uncertainty', 0, MOST_REPEATS) ?? 0,
    set: settings(options),
  };
  return { request, catalogue };
}

function testbedNamed(options: OptionValues): OfferedTestbed {
  const name = options.text('testbed') ?? 'model';
  return offeredTestbed(knownName('a testbed', name, TESTBEDS, options, 'testbed'));
}

/** An option of another testbed, on the command line, is a slip; in a configuration it may be for other runs. */
function refuseOptionsOfOthers(options: OptionValues, testbed: OfferedTestbed): void {
  for (const other of TESTBEDS) {
    if (other === testbed || !takesBatches(other)) continue;
    const slip = other.ownOptions.find((name) => options.given(name)?.where === `--${name}`);
    if (slip === undefined) continue;
    throw new UserError(
      `it belongs to the testbed ${other.name}, and this run is on ${testbed.name}`,
      {
        where: `--${slip}`,
        remedy: `add --testbed ${other.name}, or leave it out`,
      },
    );
  }
}

/** The catalogue of a testbed, with the user's own profiles where it has no computers of its own; and what is chosen. */
async function withComputers(
  options: OptionValues,
  known: Catalogue,
  testbed: OfferedTestbed,
  testbedOptions: Readonly<Record<string, string>>,
): Promise<{ readonly catalogue: Catalogue; readonly profiles: readonly string[] }> {
  const rules = takesBatches(testbed) ? await testbed.rules(testbedOptions) : testbed.rules;
  const given = options.list('profile');
  const own = rules?.profiles;
  if (own !== undefined) {
    const other = given?.texts.find((name) => !own.includes(name));
    if (other === undefined) {
      return { catalogue: withRules(known, rules), profiles: given?.texts ?? own.slice(0, 1) };
    }
    throw new UserError(`the testbed ${testbed.name} has no profile "${other}"`, {
      where: given?.where ?? '--profile',
      remedy: `leave it out: there is ${own.join(', ')}`,
    });
  }
  const profiles = resolveProfiles(given, known.profiles, DEFAULT_PROFILE_NAME);
  const catalogue = { ...known, profiles: withOwn(known.profiles, profiles) };
  return {
    catalogue: withRules(catalogue, rules),
    profiles: profiles.map(({ name }) => name),
  };
}

function withRules(catalogue: Catalogue, rules: PlanningRules | undefined): Catalogue {
  return rules === undefined ? catalogue : { ...catalogue, rules };
}

/** "2/5": the second of five. Throws UserError. */
function shardOf(options: OptionValues): Shard | undefined {
  const text = options.text('shard');
  if (text === undefined) return undefined;
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (index >= 1 && index <= of) return { index, of };
  throw new UserError(`"${text}" is not a shard`, {
    where: options.given('shard')?.where ?? '--shard',
    remedy: 'write 2/5 for the second of five',
  });
}

function transportNames(options: OptionValues, { transports }: Catalogue): readonly string[] {
  const given = options.list('transport');
  if (given === undefined) {
    return transports.filter((one) => one.capabilities.comparable).map(({ name }) => name);
  }
  for (const text of given.texts) knownName('a transport', text, transports, options, 'transport');
  return given.texts;
}

function scenarioNames(words: readonly string[], { scenarios }: Catalogue): readonly string[] {
  const names = words
    .flatMap((word) => word.split(',').map((name) => name.trim()))
    .filter((name) => name !== '');
  const known = scenarios.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) throw unknownName('a scenario', name, known, 'interdom run');
  }
  return names;
}

function knownName(
  kind: string,
  name: string,
  all: readonly { readonly name: string }[],
  options: OptionValues,
  option: string,
): string {
  const names = all.map((one) => one.name);
  if (names.includes(name)) return name;
  throw unknownName(kind, name, names, options.given(option)?.where ?? `--${option}`);
}

function guestTypes(options: OptionValues): readonly string[] | undefined {
  const given = options.list('guest-type');
  for (const text of given?.texts ?? []) parseGuestTypes(text, given?.where);
  return given?.texts;
}

/** `key=value`, and `key=value,value` for a sweep; the same key twice adds to its values. */
function settings(options: OptionValues): Readonly<Record<string, readonly string[]>> {
  const given = options.given('set');
  const lists: Record<string, string[]> = Object.create(null);
  for (const text of given?.texts ?? []) {
    const equals = text.indexOf('=');
    const values = text.slice(equals + 1).split(',');
    if (equals < 1 || values.includes('')) {
      throw new UserError(`"${text}" is not key=value`, {
        where: given?.where ?? '--set',
        remedy: 'write for example --set transferBytes=16m',
      });
    }
    (lists[text.slice(0, equals).trim()] ??= []).push(...values);
  }
  return { ...lists };
}

function withOwn(offered: readonly Profile[], chosen: readonly Profile[]): readonly Profile[] {
  return [...offered, ...chosen.filter((profile) => !offered.includes(profile))];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
