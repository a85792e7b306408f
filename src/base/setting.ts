import { unknownName } from './did-you-mean.js';
import { UserError } from './errors.js';

export type SettingValue = string | number | boolean;

/** A parameter of one scenario or one transport, set by `--set name=value`. The type of the default is its type. */
export interface Setting {
  readonly default: SettingValue;
  readonly meaning: string;
  /** Where it is a number: the range in which it makes sense. Without one, any. */
  readonly range?: readonly [low: number, high: number];
  /** Where it is a number: parts of one make sense, too. */
  readonly fractional?: boolean;
  /** Where it is a word: the words there are. */
  readonly choices?: readonly string[];
}

/** By name. */
export type Settings = Readonly<Record<string, Setting>>;

/** What `settingValues` makes of settings: the type of a value is that of its default, or one of its choices. */
export type ValuesOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends { choices: readonly (infer Choice)[] }
    ? Choice
    : S[Name]['default'] extends number
      ? number
      : S[Name]['default'] extends boolean
        ? boolean
        : string;
};

/**
 * Every setting of an owner: as given, else its default. Throws UserError for one that the owner does not have, and for a
 * value that it cannot use.
 */
export function settingValues<S extends Settings>(
  owner: string,
  settings: S,
  given: Readonly<Record<string, SettingValue>>,
): ValuesOf<S> {
  const values: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(settings)) values[name] = setting.default;
  for (const [name, value] of Object.entries(given)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined) {
      throw unknownName(`a setting of ${owner}`, name, Object.keys(settings), `--set ${name}`);
    }
    checkSetting(owner, name, setting, value);
    values[name] = value;
  }
  return values as ValuesOf<S>;
}

/** Throws UserError for a value that a setting cannot have. */
export function checkSetting(
  owner: string,
  name: string,
  setting: Setting,
  value: SettingValue,
): void {
  const where = `--set ${name}`;
  const { choices, fractional } = setting;
  const kind = typeof setting.default;
  if (kind === 'string' && choices?.includes(String(value)) === false) {
    throw unknownName(`a value of ${owner}'s ${name}`, String(value), choices, where);
  }
  const isUsable =
    typeof value === kind &&
    (typeof value !== 'number' ||
      (isWithin(value, setting.range) && (fractional === true || Number.isInteger(value))));
  if (isUsable) return;
  throw new UserError(`${name} of ${owner} cannot be ${value}`, {
    where,
    remedy: `give ${valuesText(setting)}`,
  });
}

/** Which values a setting can have: "a whole number from 0 to 512". */
export function valuesText(setting: Setting): string {
  switch (typeof setting.default) {
    case 'boolean':
      return 'true or false';
    case 'number': {
      const kind = setting.fractional === true ? 'a number' : 'a whole number';
      return setting.range === undefined ? kind : `${kind} from ${setting.range.join(' to ')}`;
    }
    default:
      return setting.choices?.join(' or ') ?? 'a word';
  }
}

function isWithin(value: number, range: Setting['range']): boolean {
  return (
    Number.isFinite(value) && (range === undefined || (value >= range[0] && value <= range[1]))
  );
}
