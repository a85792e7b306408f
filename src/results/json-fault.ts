/** Where and why a text is not JSON. */
export interface JsonFault {
  /** UTF-16 code units from the start. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in code units. */
  readonly column: number;
  readonly reason: string;
  /** The text stopped too early: a file that was cut off. */
  readonly truncated: boolean;
}

/**
 * Finds the first fault of a text that JSON.parse refused. JSON.parse itself says the position in
 * some cases and some versions of Node only; nobody can repair a file of 50 MB with that. Undefined
 * if there is no fault. Does not recurse, so hostile nesting cannot overflow the stack.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  const reason = scanner.scan();
  if (reason === undefined) return undefined;
  const before = text.slice(0, scanner.at);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return {
    offset: scanner.at,
    line,
    column: scanner.at - lineStart + 1,
    reason: scanner.at >= text.length ? `the text ends where ${reason}` : reason,
    truncated: scanner.at >= text.length,
  };
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LONGEST_NUMBER = 400;
const UNFINISHED_NUMBER = /^-?(?:(?:0|[1-9]\d*)(?:\.|(?:\.\d+)?[eE][+-]?))?$/;
/** A stretch of a string without escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these in strings
const STRING_BODY = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Scanner {
  at = 0;
  private readonly text: string;
  /** The closing bracket of every open object and array. */
  private readonly open: ('}' | ']')[] = [];

  constructor(text: string) {
    this.text = text;
  }

  /** Reads on until the first fault and returns its reason; `at` is then its place. */
  scan(): string | undefined {
    for (;;) {
      const fault = this.value() ?? this.afterValue();
      if (fault !== undefined) return fault;
      if (this.open.length === 0) {
        return this.at < this.text.length ? 'something follows the end of the document' : undefined;
      }
    }
  }

  /**
   * A scalar, or the opening of a container up to its first value (an empty one is closed again).
   */
  private value(): string | undefined {
    for (;;) {
      this.take(SPACE);
      const char = this.text[this.at];
      if (char === '{') {
        this.at++;
        this.open.push('}');
        this.take(SPACE);
        if (this.text[this.at] === '}') return undefined;
        const fault = this.key();
        if (fault !== undefined) return fault;
      } else if (char === '[') {
        this.at++;
        this.open.push(']');
        this.take(SPACE);
        if (this.text[this.at] === ']') return undefined;
      } else if (char === '"') {
        return this.string();
      } else {
        return this.word();
      }
    }
  }

  /** Closes what is complete, and steps over the comma (and the key) before the next value. */
  private afterValue(): string | undefined {
    for (;;) {
      this.take(SPACE);
      const closing = this.open[this.open.length - 1];
      if (closing === undefined) return undefined;
      const char = this.text[this.at];
      if (char === closing) {
        this.at++;
        this.open.pop();
      } else if (char === ',') {
        this.at++;
        return closing === '}' ? this.key() : undefined;
      } else {
        return `"," or "${closing}" should stand`;
      }
    }
  }

  private key(): string | undefined {
    this.take(SPACE);
    if (this.text[this.at] !== '"') return 'a name in quotes should stand';
    const fault = this.string();
    if (fault !== undefined) return fault;
    this.take(SPACE);
    if (this.text[this.at] !== ':') return '":" should stand';
    this.at++;
    return undefined;
  }

  private string(): string | undefined {
    this.at++;
    for (;;) {
      this.take(STRING_BODY);
      const char = this.text[this.at];
      if (char === '"') {
        this.at++;
        return undefined;
      }
      if (char === undefined) return 'a string should go on';
      if (char !== '\\') return 'a control character stands bare in a string';
      if (!this.take(ESCAPE)) {
        if (this.at + 6 > this.text.length && !this.text.includes('"', this.at)) {
          this.at = this.text.length;
          return 'a string should go on';
        }
        return 'a backslash escapes nothing';
      }
    }
  }

  private word(): string | undefined {
    for (const literal of ['true', 'false', 'null']) {
      if (this.text.startsWith(literal, this.at)) {
        this.at += literal.length;
        return undefined;
      }
      const rest = this.text.slice(this.at, this.at + literal.length);
      if (rest !== '' && this.at + rest.length === this.text.length && literal.startsWith(rest)) {
        this.at = this.text.length;
        return `"${literal}" should go on`;
      }
    }
    const rest = this.text.slice(this.at, this.at + LONGEST_NUMBER);
    if (this.at + rest.length === this.text.length && rest !== '' && UNFINISHED_NUMBER.test(rest)) {
      this.at = this.text.length;
      return 'a number should go on';
    }
    if (this.take(NUMBER)) return undefined;
    const strange = /^-?(NaN|Infinity|undefined)/.exec(this.text.slice(this.at, this.at + 12));
    return strange === null ? 'a value should stand' : `${strange[0]} is not JSON`;
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
