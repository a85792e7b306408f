import { nearest } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';

/** A value of a JSON document and where it stands, for checking it and for messages about it. */
export class JsonPlace {
  constructor(
    readonly value: unknown,
    /** Path of the file. */
    readonly file: string,
    /** JSON path, e.g. "$.prices.vmexit.low". */
    readonly path: string,
  ) {}

  /** The error to throw for what is wrong here. */
  fault(what: string, remedy?: string): UserError {
    return new UserError(`${this.path} ${what}`, {
      where: this.file,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  /** The member of an object; its value is undefined where it is missing. */
  member(name: string): JsonPlace {
    const members = this.value as Readonly<Record<string, unknown>>;
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    return new JsonPlace(value, this.file, `${this.path}.${name}`);
  }

  get isMissing(): boolean {
    return this.value === undefined;
  }

  /** Throws unless it is an object whose members all have one of these names. */
  expectMembers(names: readonly string[], kind: string): void {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.fault(`should be an object, not ${describe(value)}`);
    }
    for (const name of Object.keys(value)) {
      if (names.includes(name)) continue;
      const meant = nearest(name, names);
      throw new JsonPlace(undefined, this.file, `${this.path}.${name}`).fault(
        `is no ${kind}`,
        meant === undefined ? `there are ${names.join(', ')}` : `did you mean "${meant}"?`,
      );
    }
  }

  text(): string {
    const { value } = this;
    if (typeof value !== 'string') throw this.fault(`should be text, not ${describe(value)}`);
    if (value.trim() === '') throw this.fault('should not be empty');
    return value;
  }

  /** A finite number from `least` to `most`. */
  number(least: number, most: number): number {
    const { value } = this;
    if (typeof value !== 'number') throw this.fault(`should be a number, not ${describe(value)}`);
    // JSON has no infinity, but 1e999 is read as one.
    if (!Number.isFinite(value)) throw this.fault('is too large for a number');
    if (value < least) throw this.fault(`is ${value}; it should be at least ${least}`);
    if (value > most) throw this.fault(`is ${value}; it should be at most ${most}`);
    return value;
  }

  flag(): boolean {
    const { value } = this;
    if (typeof value !== 'boolean') {
      throw this.fault(`should be true or false, not ${describe(value)}`);
    }
    return value;
  }

  /** One of some words. */
  word<T extends string>(words: readonly T[]): T {
    const { value } = this;
    const known = words.find((word) => word === value);
    if (known !== undefined) return known;
    const meant = typeof value === 'string' ? nearest(value, words) : undefined;
    throw this.fault(
      `should be one of ${words.join(', ')}, not ${describe(value)}`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
  }
}

/** A value in a message: short, and telling text from what is not. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = JSON.stringify(value);
  return shown.length > 40 ? `${shown.slice(0, 40)}...` : shown;
}

const V8_POSITION = / in JSON at position (\d+)( \(line \d+ column \d+\))?/;

/**
 * Reads JSON text. Throws UserError with the line and column, where the JavaScript engine tells
 * it.
 */
export function parseJson(text: string, file: string): JsonPlace {
  try {
    // Editors on Windows begin a file with a byte order mark.
    return new JsonPlace(JSON.parse(text.replace(/^\uFEFF/, '')), file, '$');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const position = V8_POSITION.exec(message);
    if (position === null) {
      throw new UserError(`not JSON: ${message}`, { where: file, cause });
    }
    const before = text.slice(0, Number(position[1])).split('\n');
    const column = (before[before.length - 1] as string).length + 1;
    throw new UserError(`not JSON: ${message.replace(V8_POSITION, '')}`, {
      where: `${file}, line ${before.length}, column ${column}`,
      cause,
    });
  }
}
