import { timeLabel } from '../../report/sequence/sequence-diagram.js';
import { type Alignment, type CommonStep, verdict } from './shared-steps.js';

const TIME_WIDTH = 10;
const GAP = 3;
const NOTES = [
  'Only steps that both traces have: what guests do by themselves, system calls of PV guests, timers',
  'and dom0 are left out. Times of real Xen include what xentrace takes.',
];

/** Model and real Xen as two columns, the place marked where they first part. */
export function sideBySide(title: string, subtitle: string, both: Alignment): string {
  const { lines, divergesAt } = both;
  const width = Math.max(
    'the model'.length,
    ...lines.flatMap(({ model }) => (model === undefined ? [] : [model.name.length])),
  );
  const starts = {
    model: lines.find(({ model }) => model !== undefined)?.model?.atNs ?? 0,
    xen: lines.find(({ xen }) => xen !== undefined)?.xen?.atNs ?? 0,
  };
  const side = (step: CommonStep | undefined, fromNs: number): string =>
    step === undefined
      ? ''.padEnd(TIME_WIDTH + 2 + width)
      : `${timeLabel(step.atNs - fromNs).padStart(TIME_WIDTH)}  ${step.name.padEnd(width)}`;
  const head = (name: string): string => `${'us'.padStart(TIME_WIDTH)}  ${name.padEnd(width)}`;
  const rows = lines.flatMap((line, i) => {
    const row =
      `${side(line.model, starts.model)}${' '.repeat(GAP)}${side(line.xen, starts.xen)}`.trimEnd();
    return i === divergesAt ? [`${'─'.repeat(8)} here they part ${'─'.repeat(40)}`, row] : [row];
  });
  const text = [
    title,
    subtitle,
    '',
    `${head('the model')}${' '.repeat(GAP)}${head('real Xen')}`.trimEnd(),
    ...rows,
    '',
    verdict(both),
    ...NOTES,
  ];
  return `${text.join('\n')}\n`;
}
