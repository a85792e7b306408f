/** Counts of one window as xentrace saw it, reduced by the agent (guest/agent/tracecount.h). */
export interface TraceWindow {
  /** The domain that marked the window. */
  readonly domid: number;
  /** Its length in ticks of the time stamp counter: nanoseconds under deterministic emulation. */
  readonly lengthTsc: number;
  /** Records that did not fit into the trace buffer: where not 0, the counts are too low. */
  readonly lost: number;
  readonly counts: readonly TraceCount[];
  readonly records: readonly TraceRecord[];
}

export interface TraceCount {
  /** Undefined where it is not known which domain ran. 32767 is Xen's idle domain. */
  readonly domid: number | undefined;
  readonly event: number;
  /** Numbers that tell cases of the event apart, such as the exit code. */
  readonly words: readonly number[];
  readonly count: number;
}

export interface TraceRecord {
  readonly pcpu: number;
  readonly domid: number | undefined;
  readonly tsc: number;
  readonly event: number;
  readonly words: readonly number[];
}

/** Reads the agent's lines. Throws Error where they are not as the agent writes them, or say that it failed. */
export function readTraceLines(lines: readonly string[]): TraceWindow {
  let window: { domid: number; lengthTsc: number; lost: number } | undefined;
  const counts: TraceCount[] = [];
  const records: TraceRecord[] = [];
  for (const line of lines) {
    const [kind, ...rest] = line.split(' ');
    if (kind === 'window' && rest.length === 4) {
      window = { domid: integer(rest[0]), lengthTsc: integer(rest[2]), lost: integer(rest[3]) };
    } else if (kind === 'count' && rest.length === 4) {
      counts.push({
        domid: domain(rest[0]),
        event: hexadecimal(rest[1]),
        words: wordList(rest[2]),
        count: integer(rest[3]),
      });
    } else if (kind === 'record' && rest.length === 5) {
      records.push({
        pcpu: integer(rest[0]),
        domid: domain(rest[1]),
        tsc: integer(rest[2]),
        event: hexadecimal(rest[3]),
        words: wordList(rest[4]),
      });
    } else {
      throw new Error(`the trace could not be read: ${line}`);
    }
  }
  if (window === undefined) throw new Error('the trace has no window');
  return { ...window, counts, records };
}

function domain(text: string | undefined): number | undefined {
  return text === '-' ? undefined : integer(text);
}

function wordList(text: string | undefined): number[] {
  return text === '-' ? [] : (text ?? '').split('.').map(hexadecimal);
}

function integer(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text))
    throw new Error(`the trace has "${text}" for a number`);
  return Number(text);
}

function hexadecimal(text: string | undefined): number {
  if (text === undefined || !/^[0-9a-f]+$/.test(text)) {
    throw new Error(`the trace has "${text}" for a number`);
  }
  return Number.parseInt(text, 16);
}
