import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { parseSizes } from '../../runner/size-range.js';

/** What was given for one option, and where: "--ring-size", "INTERDOM_RING_SIZE", a file and field. */
export interface Given {
  readonly texts: readonly string[];
  readonly where: string;
}

/** The options of one invocation, from the command line, the environment and the configuration. */
export class OptionValues {
  constructor(private readonly values: ReadonlyMap<string, Given>) {}

  given(name: string): Given | undefined {
    return this.values.get(name);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** True or false; where nothing is given, false. Throws UserError. */
  flag(name: string): boolean {
    const given = this.values.get(name);
    if (given === undefined) return false;
    const text = (given.texts.at(-1) ?? '').toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(text)) return true;
    if (['false', '0', 'no', 'off', ''].includes(text)) return false;
    throw new UserError(`"${text}" is neither true nor false`, {
      where: given.where,
      remedy: 'say true or false',
    });
  }

  /** The one value. Throws UserError where there are two. */
  text(name: string): string | undefined {
    const given = this.values.get(name);
    if (given === undefined) return undefined;
    if (given.texts.length > 1) {
      throw new UserError(`it is given ${given.texts.length} times, and one value is wanted`, {
        where: given.where,
      });
    }
    const text = given.texts[0] ?? '';
    if (text === '') throw emptyValue(given.where);
    return text;
  }

  /** Values of a comma-separated list, which may be given more than once. Throws UserError. */
  list(name: string): Given | undefined {
    const given = this.values.get(name);
    if (given === undefined) return undefined;
    const texts = given.texts.flatMap((text) => text.split(',').map((part) => part.trim()));
    if (texts.includes('')) throw emptyValue(given.where);
    return { texts: [...new Set(texts)], where: given.where };
  }

  /** A list of sizes and ranges of sizes in bytes. Throws UserError. */
  sizes(name: string): readonly number[] | undefined {
    const given = this.list(name);
    if (given === undefined) return undefined;
    const sizes = given.texts.flatMap((text) => parseSizes(text, given.where));
    for (const size of sizes) {
      if (size >= 1 && size <= LARGEST_SIZE) continue;
      throw new UserError(`a size of ${size} bytes cannot be had`, {
        where: given.where,
        remedy: 'give 1 byte to 1 GiB',
      });
    }
    return [...new Set(sizes)];
  }

  /** A list of words out of a closed set. Throws UserError. */
  words<T extends string>(name: string, known: readonly T[]): readonly T[] | undefined {
    const given = this.list(name);
    return given?.texts.map((text) => {
      const word = known.find((one) => one === text);
      if (word !== undefined) return word;
      throw unknownName(`a value of --${name}`, text, known, given.where);
    });
  }

  /** One word out of a closed set. Throws UserError. */
  word<T extends string>(name: string, known: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return this.words(name, known)?.[0];
  }

  /** A whole number from `low` to `high`. Throws UserError. */
  integer(name: string, low: number, high: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= low && value <= high) return value;
    throw new UserError(`"${text}" is not a whole number from ${low} to ${high}`, {
      where: this.values.get(name)?.where ?? `--${name}`,
    });
  }
}

/** Larger buffers do not fit the simulated memory of a guest. */
const LARGEST_SIZE = 2 ** 30;

function emptyValue(where: string): UserError {
  return new UserError('a value is missing', {
    where,
    remedy: 'give one, or leave the option out',
  });
}
