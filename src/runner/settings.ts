import { nearest, unknownName } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';
import type { Scenario, Setting, SettingValue } from '../scenario/contract.js';
import type { TransportDriver } from '../transport/contract.js';
import { parseSizes } from './size-range.js';

/** Values of each setting, by setting. */
export type SettingLists = Readonly<Record<string, readonly SettingValue[]>>;

/** Whose the settings of a request are. */
export interface AssignedSettings {
  /** By scenario: the settings that it knows. */
  readonly scenarios: ReadonlyMap<string, SettingLists>;
  /** By transport: the options that it accepts and no selected scenario knows. */
  readonly transports: ReadonlyMap<string, SettingLists>;
}

const WHERE = '--set';

/**
 * Gives each `key=value` to the selected scenarios that know the key, else to the selected
 * transports that do. Throws UserError for a key that nobody knows, and for a value that its owner
 * refuses.
 */
export function assignSettings(
  set: Readonly<Record<string, readonly string[]>>,
  scenarios: readonly Scenario[],
  transports: readonly TransportDriver[],
): AssignedSettings {
  const ofScenario = new Map<string, Record<string, readonly SettingValue[]>>();
  const ofTransport = new Map<string, Record<string, readonly SettingValue[]>>();
  const give = (
    map: typeof ofScenario,
    name: string,
    key: string,
    values: SettingValue[],
  ): void => {
    map.set(name, { ...map.get(name), [key]: values });
  };
  for (const [key, texts] of Object.entries(set)) {
    const knowing = scenarios.filter((scenario) => Object.hasOwn(scenario.settings, key));
    for (const scenario of knowing) {
      const setting = scenario.settings[key] as Setting;
      const values = texts.flatMap((text) => settingValues(scenario.name, key, setting, text));
      give(ofScenario, scenario.name, key, values);
    }
    if (knowing.length > 0) continue;
    const values = texts.flatMap(plainValues);
    const refusals: Refusal[] = [];
    let accepted = 0;
    for (const transport of transports) {
      const error = refusalOf(transport, key, values);
      if (error !== undefined) refusals.push({ transport: transport.name, error });
      else {
        accepted++;
        give(ofTransport, transport.name, key, values);
      }
    }
    if (accepted === 0) throw unknownSetting(key, scenarios, refusals);
  }
  return { scenarios: ofScenario, transports: ofTransport };
}

function refusalOf(
  transport: TransportDriver,
  key: string,
  values: readonly SettingValue[],
): UserError | undefined {
  try {
    for (const value of values) transport.checkOptions({ [key]: value });
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

interface Refusal {
  readonly transport: string;
  readonly error: UserError;
}

/** What the transports say of it matters: one of them may know the key and refuse the value. */
function unknownSetting(
  key: string,
  scenarios: readonly Scenario[],
  refusals: readonly Refusal[],
): UserError {
  const known = [...new Set(scenarios.flatMap((scenario) => Object.keys(scenario.settings)))];
  const where = `${WHERE} ${key}`;
  const error = unknownName('a setting of the selected scenarios', key, known, where);
  const said = refusals.map((refusal) => refusal.error.message);
  const remedies = known.length > 0 && error.remedy !== undefined ? [error.remedy] : [];
  if (nearest(key, known) === undefined) {
    for (const { transport, error: refused } of refusals) {
      if (refused.remedy !== undefined) remedies.push(`${transport}: ${refused.remedy}`);
    }
  }
  return new UserError([error.message, ...said].join('; '), {
    where,
    ...(remedies.length === 0 ? {} : { remedy: remedies.join('; ') }),
  });
}

/** Reads what was written for one setting of a scenario: a value, or for sizes a range. */
function settingValues(
  scenario: string,
  key: string,
  setting: Setting,
  text: string,
): readonly SettingValue[] {
  const where = `${WHERE} ${key}`;
  switch (typeof setting.default) {
    case 'boolean':
      if (text === 'true' || text === 'false') return [text === 'true'];
      throw new UserError(`"${text}" is not a value of ${scenario}'s ${key}`, {
        where,
        remedy: 'say true or false',
      });
    case 'number':
      return numbersOf(text, where).map((number) => checkedNumber(scenario, key, setting, number));
    default: {
      const { choices } = setting;
      if (choices !== undefined && !choices.includes(text)) {
        throw unknownName(`a value of ${scenario}'s ${key}`, text, choices, where);
      }
      return [text];
    }
  }
}

function checkedNumber(scenario: string, key: string, setting: Setting, value: number): number {
  const [low, high] = setting.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (value >= low && value <= high) return value;
  throw new UserError(`${key} of ${scenario} cannot be ${value}`, {
    where: `${WHERE} ${key}`,
    remedy: `give a number from ${low} to ${high}`,
  });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const SIZES = /^\d+[kmgib]*(\.\.\d+[kmgib]*)?$/i;

function numbersOf(text: string, where: string): readonly number[] {
  if (NUMBER.test(text)) return [Number(text)];
  if (SIZES.test(text)) return parseSizes(text, where);
  throw new UserError(`"${text}" is not a number`, {
    where,
    remedy: 'give a number (4096), a size (4k) or a range of sizes (4k..1m)',
  });
}

/** Values for a transport, which does not say what kind it wants. */
function plainValues(text: string): readonly SettingValue[] {
  if (text === 'true' || text === 'false') return [text === 'true'];
  return NUMBER.test(text) || SIZES.test(text) ? numbersOf(text, WHERE) : [text];
}
