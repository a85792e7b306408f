import { wrapped } from './text-table.js';

const INDENT = 2;
const GAP = 2;
/** What an example does should not be squeezed into less than this. */
const LEAST_ROOM = 30;

/**
 * Examples below a help text: what each does stands beside it, or below where the command leaves no room. Commands are
 * never broken, so that they can be copied.
 * @param width columns of the terminal
 */
export function examplesText(
  examples: readonly (readonly [command: string, does: string])[],
  width: number,
): string {
  if (examples.length === 0) return '';
  const most = width - INDENT - GAP - LEAST_ROOM;
  const besides = examples.map(([command]) => command.length).filter((length) => length <= most);
  const column = INDENT + Math.max(0, ...besides) + GAP;
  const lines = examples.flatMap(([command, does]) => {
    const start = `${' '.repeat(INDENT)}${command}`;
    const isBeside = command.length <= most;
    const from = isBeside ? column : 2 * INDENT;
    const [first = '', ...rest] = wrapped(does, width - from);
    const further = rest.map((line) => `${' '.repeat(from)}${line}`);
    return isBeside
      ? [start.padEnd(column) + first, ...further]
      : [start, `${' '.repeat(from)}${first}`, ...further];
  });
  return `Examples:\n${lines.join('\n')}\n`;
}
