import { type PluginWindow, readPluginOutput } from '../counting/plugin-output.js';
import { readTraceLines, type TraceWindow } from '../counting/trace-lines.js';
import type { ConsoleMessage } from '../machine/console.js';

/** What one window brought. */
export interface WindowResult {
  /** Why the window is worth nothing; the rest is undefined then. */
  readonly fault?: string;
  /** Messages that did not arrive as they were sent. */
  readonly wrong?: number;
  /** Ring bytes of the side that sent first; 0 where there is no ring. */
  readonly ringBytes?: number;
  /** Length in virtual nanoseconds, by the time stamp counter of the guest that measured. */
  readonly virtualNs?: number;
  /** Its length by the guest's clock: real nanoseconds on a real host. */
  readonly elapsedNs?: number;
  readonly plugin?: PluginWindow;
  readonly trace?: TraceWindow;
}

/**
 * Puts together what console and plugin said of each window of a batch, in the order in which they ran. Windows that
 * did not come to their end are not in the result.
 */
export function collectWindows(
  messages: readonly ConsoleMessage[],
  pluginText: string,
): ReadonlyMap<string, WindowResult> {
  const counted = readPluginOutput(pluginText);
  const results = new Map<string, WindowResult>();
  const lines = new Map<string, { reply: string[]; trace: string[] }>();
  let damaged = false;
  let marked = 0;
  for (const message of messages) {
    switch (message.kind) {
      case 'begin':
        lines.set(message.window, { reply: [], trace: [] });
        damaged = false;
        break;
      case 'line': {
        const of = lines.get(message.window);
        if (message.topic === 'reply') of?.reply.push(message.text);
        else if (message.topic === 'trace') of?.trace.push(message.text);
        break;
      }
      case 'damaged':
        damaged = true;
        break;
      case 'end': {
        const of = lines.get(message.window);
        if (of === undefined) break;
        const replies = readReplies(of.reply);
        // The window that a guest measured is the plugin's next one; a window without a measurement has none.
        const plugin = replies.virtualNs === undefined ? undefined : counted[marked++];
        results.set(message.window, result(replies, plugin, of.trace, damaged));
        break;
      }
      default:
        break;
    }
  }
  return results;
}

interface Replies {
  readonly fault?: string;
  readonly wrong: number;
  readonly ringBytes?: number;
  readonly virtualNs?: number;
  readonly elapsedNs?: number;
}

/** Replies are "DOMID ok key=value..." or "DOMID error TEXT". */
function readReplies(replies: readonly string[]): Replies {
  let wrong = 0;
  let ringBytes: number | undefined;
  let virtualNs: number | undefined;
  let elapsedNs: number | undefined;
  const faults: string[] = [];
  for (const reply of replies) {
    const match = /^(\d+) (ok|error)\s?(.*)$/.exec(reply);
    if (match === null) {
      faults.push(`a reply that cannot be read: ${reply}`);
    } else if (match[2] === 'error') {
      faults.push(`domain ${match[1]}: ${match[3]}`);
    } else {
      const values = new Map((match[3] ?? '').split(' ').map((pair) => splitPair(pair)));
      wrong += values.get('wrong') ?? 0;
      const tsc = values.get('tsc');
      if (tsc !== undefined) {
        virtualNs = tsc;
        elapsedNs = values.get('ns');
        ringBytes = values.get('ring');
      }
    }
  }
  if (replies.length === 0) faults.push('the guests did not answer');
  return {
    wrong,
    ...(faults.length === 0 ? {} : { fault: faults.join('; ') }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
    ...(virtualNs === undefined ? {} : { virtualNs }),
    ...(elapsedNs === undefined ? {} : { elapsedNs }),
  };
}

function splitPair(pair: string): [string, number] {
  const [key = '', value = ''] = pair.split('=');
  return [key, Number(value)];
}

function result(
  replies: Replies,
  plugin: PluginWindow | undefined,
  traceLines: readonly string[],
  damaged: boolean,
): WindowResult {
  if (replies.fault !== undefined) return { fault: replies.fault };
  if (damaged) return { fault: 'a line of the results was damaged on the console' };
  try {
    const trace = traceLines.length === 0 ? undefined : readTraceLines(traceLines);
    if (trace !== undefined && trace.lost > 0) {
      return { fault: `xentrace lost ${trace.lost} records` };
    }
    return {
      wrong: replies.wrong,
      ...(replies.ringBytes === undefined ? {} : { ringBytes: replies.ringBytes }),
      ...(replies.virtualNs === undefined ? {} : { virtualNs: replies.virtualNs }),
      ...(replies.elapsedNs === undefined ? {} : { elapsedNs: replies.elapsedNs }),
      ...(plugin === undefined ? {} : { plugin }),
      ...(trace === undefined ? {} : { trace }),
    };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}
