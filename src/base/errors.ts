/** A broken promise of the program itself: never the user's fault. Carries the values that show it. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly values: Readonly<Record<string, unknown>>;
  constructor(what: string, values: Readonly<Record<string, unknown>> = {}) {
    const shown = Object.entries(values)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(' ');
    super(shown === '' ? what : `${what} (${shown})`);
    this.values = values;
  }
}

/** Bad input: says what is wrong, where, and what to do. Caught only in src/cli, which turns it into exit code 2 (or 5). */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** File, line, option or field in which the fault stands. */
  readonly where: string | undefined;
  /** What the user can do about it. */
  readonly remedy: string | undefined;
  constructor(what: string, options: { where?: string; remedy?: string; cause?: unknown } = {}) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause });
    this.where = options.where;
    this.remedy = options.remedy;
  }
}

/** Throws InvariantViolation unless the condition holds. */
export function invariant(
  condition: boolean,
  what: string,
  values?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) throw new InvariantViolation(what, values);
}
