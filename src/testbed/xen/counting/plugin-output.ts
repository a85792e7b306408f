/** Counts of one window as the plugin of the emulator saw it. */
export interface PluginWindow {
  /** 1 for the first window after the machine went on. */
  readonly number: number;
  /** Instructions by place: xen, kernel, user. */
  readonly instructions: Readonly<Record<string, number>>;
  /** Privileged instructions, as "xen vmrun" or "kernel mov_cr3". */
  readonly privileged: Readonly<Record<string, number>>;
  /** Calls of named functions of Xen. */
  readonly functions: Readonly<Record<string, number>>;
  /** Stays in Xen by the functions that ran in them ("evtchn_send+hvm_hypercall"): how many, and instructions. */
  readonly stays: Readonly<
    Record<string, { readonly count: number; readonly instructions: number }>
  >;
}

/**
 * Reads what the plugin wrote (format: guest/qemu-plugin/count.c). A last window without its end is left out, and so is
 * a last line without its: the emulator was stopped while it wrote them, or is about to go on.
 * Throws Error on a line that the plugin cannot have written.
 */
export function readPluginOutput(text: string): PluginWindow[] {
  const windows: PluginWindow[] = [];
  let current: MutableWindow | undefined;
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  whole.split('\n').forEach((line, index) => {
    if (line === '') return;
    const words = line.split(' ');
    if (words[0] === 'window') {
      current = {
        number: Number(words[1]),
        instructions: {},
        privileged: {},
        functions: {},
        stays: {},
      };
    } else if (current === undefined) {
      throw new Error(`plugin output, line ${index + 1}: "${line}" outside a window`);
    } else if (words[0] === 'end') {
      windows.push(current);
      current = undefined;
    } else if (!addTo(current, words)) {
      throw new Error(`plugin output, line ${index + 1}: cannot read "${line}"`);
    }
  });
  return windows;
}

interface MutableWindow {
  number: number;
  instructions: Record<string, number>;
  privileged: Record<string, number>;
  functions: Record<string, number>;
  stays: Record<string, { count: number; instructions: number }>;
}

function addTo(window: MutableWindow, words: readonly string[]): boolean {
  const [kind, first = '', second = '', third = ''] = words;
  switch (kind) {
    case 'instructions':
      window.instructions[first] = count(second);
      return true;
    case 'privileged':
      window.privileged[`${first} ${second}`] = count(third);
      return true;
    case 'function':
      // A name that the build has twice is one function to us.
      window.functions[first] = (window.functions[first] ?? 0) + count(second);
      return true;
    case 'stay':
      window.stays[third] = { count: count(first), instructions: count(second) };
      return true;
    default:
      return false;
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`plugin output: "${text}" is no count`);
  return value;
}
