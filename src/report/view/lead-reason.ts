import { busiestCpuNs, cpuTimePerMessage } from './breakdown.js';
import { causeLabel, messageWord, own } from './labels.js';
import { formatQuantity } from './quantity.js';
import type { ReportCell } from './report-data.js';
import { DRAW_SHARE } from './standings.js';
import type { Sweep, SweepPoint } from './sweep.js';

/** What keeps a transport back that needs no more CPU time: its busiest CPU has more to do, or all stand idle longer. */
function waitOf(
  mine: ReportCell | undefined,
  its: ReportCell | undefined,
  idleNs: number,
): { text: string; brief: string } | undefined {
  const [a, b] = [mine, its].map((cell) => cell && busiestCpuNs(cell));
  const ns = (value: number): string => formatQuantity(value, 'ns');
  if (a !== undefined && b !== undefined && b > a * (1 + DRAW_SHARE)) {
    return {
      text: `its busiest CPU works longer, ${ns(b)} against ${ns(a)}`,
      brief: `busiest CPU +${ns(b - a)}`,
    };
  }
  if (!(idleNs > 0)) return undefined;
  return {
    text: `its CPUs stand idle longer, by ${ns(idleNs)}`,
    brief: `+${ns(idleNs)} idle`,
  };
}

/** True where CPU time explains the figure. */
export function isAboutTime({ unit }: Sweep): boolean {
  return unit === 'ns' || unit.endsWith('/s');
}

/** The cause of CPU time by which the second is furthest behind, or how much longer its CPUs stand idle. */
export function reasonOf(
  first: readonly [string, SweepPoint],
  second: readonly [string, SweepPoint],
): { why: string; cause: string } {
  const mine = first[1].cells[0];
  const its = second[1].cells[0];
  const a = mine === undefined ? undefined : cpuTimePerMessage(mine);
  const b = its === undefined ? undefined : cpuTimePerMessage(its);
  if (a === undefined || b === undefined) return { why: '', cause: '' };
  const text = (ns: number): string => formatQuantity(ns, 'ns');
  const what = messageWord(mine?.scenario ?? '');
  const total = `${text(b.totalNs)} of CPU time a ${what} against ${text(a.totalNs)}`;
  if (b.totalNs <= a.totalNs) {
    const waits = waitOf(mine, its, b.idleNs - a.idleNs);
    return {
      why:
        waits === undefined
          ? `CPU time does not tell: ${second[0]} needs ${total}`
          : `${second[0]} needs no more CPU time (${total}), but ${waits.text}`,
      cause: waits === undefined ? '' : `${second[0]}: ${waits.brief}`,
    };
  }
  const gapOf = (name: string): number => (own(b.busy, name) ?? 0) - (own(a.busy, name) ?? 0);
  const cause = Object.keys(b.busy).reduce((most, name) =>
    gapOf(name) > gapOf(most) ? name : most,
  );
  const pair = `${text(own(b.busy, cause) ?? 0)} against ${text(own(a.busy, cause) ?? 0)}`;
  return {
    why: `${second[0]} needs ${total}; the largest difference is ${causeLabel(cause)}, ${pair}`,
    cause: `${second[0]}: +${text(gapOf(cause))} ${causeLabel(cause)}`,
  };
}
