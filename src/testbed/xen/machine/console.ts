const TAIL_LINES = 40;
const MAX_LINE = 4000;
/** dom0 says that its time goes on. */
const ALIVE = '@interdom-alive';

/** What the harness's own lines on the console say. */
export type ConsoleMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done' }
  | { readonly kind: 'begin'; readonly window: string }
  | { readonly kind: 'end'; readonly window: string }
  | {
      readonly kind: 'line';
      readonly window: string;
      readonly topic: string;
      readonly text: string;
    }
  | { readonly kind: 'damaged'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Sentences by which a machine that will not come back is recognised; what it says is the reason given. */
const FATAL: readonly RegExp[] = [
  /Kernel panic - not syncing.*/,
  /Panic on CPU \d+.*/,
  /Xen BUG at .*/,
  /Double fault.*/i,
  /Out of memory: Killed process.*/,
  /BUG: unable to handle.*/,
];

/** Reads one line of the console: undefined where it is not for the harness. */
export function readConsoleLine(line: string): ConsoleMessage | undefined {
  const fatal = FATAL.map((pattern) => pattern.exec(line)?.[0]).find(
    (found) => found !== undefined,
  );
  if (fatal !== undefined) return { kind: 'failed', reason: fatal };
  const start = line.indexOf('@interdom');
  if (start < 0) return undefined;
  const [tag, ...words] = line.slice(start).trim().split(' ');
  switch (tag) {
    case '@interdom-ready':
      return { kind: 'ready' };
    case '@interdom-done':
      return { kind: 'done' };
    case '@interdom-begin':
      return { kind: 'begin', window: words[0] ?? '' };
    case '@interdom-end':
      return { kind: 'end', window: words[0] ?? '' };
    case '@interdom-failed':
      return { kind: 'failed', reason: words.join(' ') };
    case '@interdom':
      return readEmitted(words);
    case ALIVE:
      return undefined;
    default:
      return { kind: 'damaged', text: line };
  }
}

function readEmitted(words: readonly string[]): ConsoleMessage {
  const [checksum, ...rest] = words;
  const text = rest.join(' ');
  const [window, topic] = rest;
  if (window === undefined || topic === undefined || checksum !== fnv1a(text)) {
    return { kind: 'damaged', text };
  }
  return { kind: 'line', window, topic, text: rest.slice(2).join(' ') };
}

/** FNV-1a, 32 bits, as guest/agent/emit.c computes it: eight hexadecimal digits. */
export function fnv1a(text: string): string {
  let hash = 2166136261;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 16777619);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The console of the emulated machine: hands on each whole line and keeps the last ones for error messages. */
export class ConsoleReader {
  private readonly lines: string[] = [];
  private partial = '';
  /** Lines so far: shows whether a machine is still doing something. */
  lineCount = 0;

  constructor(private readonly onMessage: (message: ConsoleMessage) => void) {}

  /** Takes what came, bytes as Latin-1: lines end where they end. */
  read(text: string): void {
    this.partial += text;
    for (let end = this.partial.indexOf('\n'); end >= 0; end = this.partial.indexOf('\n')) {
      const line = this.partial.slice(0, end).replace(/\r/g, '').slice(0, MAX_LINE);
      this.partial = this.partial.slice(end + 1);
      this.lineCount++;
      this.keep(line);
      const message = readConsoleLine(line);
      if (message !== undefined) this.onMessage(message);
    }
  }

  /** The last lines, without control characters. */
  tail(): string {
    const lines = this.partial === '' ? this.lines : [...this.lines, this.partial];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what takes them out
    return lines.join('\n').replace(/\x1b\[[0-9;]*[A-Za-z]|[\x00-\x09\x0b-\x1f]/g, '');
  }

  private keep(line: string): void {
    if (line.includes('@interdom ') || line.includes(ALIVE)) return; // no news
    this.lines.push(line);
    if (this.lines.length > TAIL_LINES) this.lines.shift();
  }
}
