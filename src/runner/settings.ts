import { unknownName } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';
import { checkSetting, type Setting, type Settings, type SettingValue } from '../base/setting.js';
import type { Scenario } from '../scenario/contract.js';
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

/** What has settings: a scenario or a transport. */
interface Owner {
  readonly name: string;
  readonly settings: Settings;
}

/**
 * Gives each `key=value` to the selected scenarios that know the key, else to the selected
 * transports that do. Throws UserError for a key that nobody knows, and for a value that its owner
 * cannot use.
 */
export function assignSettings(
  set: Readonly<Record<string, readonly string[]>>,
  scenarios: readonly Scenario[],
  transports: readonly TransportDriver[],
): AssignedSettings {
  const ofScenario = new Map<string, Record<string, readonly SettingValue[]>>();
  const ofTransport = new Map<string, Record<string, readonly SettingValue[]>>();
  for (const [key, texts] of Object.entries(set)) {
    const given =
      give(ofScenario, scenarios, key, texts) || give(ofTransport, transports, key, texts);
    if (given) continue;
    const known = [...scenarios, ...transports].flatMap(({ settings }) => Object.keys(settings));
    const kind = 'a setting of the selected scenarios and transports';
    throw unknownName(kind, key, [...new Set(known)], `--set ${key}`);
  }
  return { scenarios: ofScenario, transports: ofTransport };
}

/** Notes the values for the owners that know the key; false where none does. */
function give(
  to: Map<string, Record<string, readonly SettingValue[]>>,
  owners: readonly Owner[],
  key: string,
  texts: readonly string[],
): boolean {
  const knowing = owners.filter(({ settings }) => Object.hasOwn(settings, key));
  for (const { name, settings } of knowing) {
    const setting = settings[key] as Setting;
    const values = texts.flatMap((text) => readValues(setting, text, `--set ${key}`));
    for (const value of values) checkSetting(name, key, setting, value);
    to.set(name, { ...to.get(name), [key]: values });
  }
  return knowing.length > 0;
}

/** Reads what was written for one setting: a value, or for numbers a range of sizes. */
function readValues(setting: Setting, text: string, where: string): readonly SettingValue[] {
  switch (typeof setting.default) {
    case 'boolean':
      return [text === 'true' || text === 'false' ? text === 'true' : text];
    case 'number':
      return numbersOf(text, where);
    default:
      return [text];
  }
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
