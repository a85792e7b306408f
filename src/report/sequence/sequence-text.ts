import { withoutControls } from '../view/plain-text.js';
import {
  type LaneRoom,
  laneGaps,
  runningAt,
  type SequenceDiagram,
  type SequenceStep,
  stepLabel,
  timeLabel,
} from './sequence-diagram.js';

const TIME_WIDTH = 10;
const ROOM: LaneRoom = { least: 20, character: 1, besideArrow: 6, besideNote: 4 };

/**
 * The diagram as lines of text: a column a lane, heavy where the lane runs.
 *
 *        us  dom2              Xen                   dom1
 *            sender            hypervisor            receiver
 *      0.00  ┃ publishes 64 B  │                     │
 *      0.74  ┃── evtchn_send ─▶│                     │
 */
export function sequenceText(diagram: SequenceDiagram): string {
  const { title, subtitle, lanes, steps, notes } = diagram;
  const places = lanePlaces(diagram);
  const header = (text: (lane: number) => string, first: string): string => {
    const row = new Row(places);
    row.write(0, first.padStart(TIME_WIDTH - 2));
    lanes.forEach((_, lane) => {
      row.write(places[lane] as number, text(lane));
    });
    return row.text();
  };
  const running = runningAt(diagram);
  const lines = [
    title,
    ...(subtitle === '' ? [] : [subtitle]),
    '',
    header((lane) => lanes[lane]?.name ?? '', 'us'),
    header((lane) => lanes[lane]?.role ?? '', ''),
    ...steps.flatMap((step, i) => stepLines(step, places, running[i] ?? new Set())),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
  return `${lines.map((line) => withoutControls(line).trimEnd()).join('\n')}\n`;
}

function stepLines(
  step: SequenceStep,
  places: readonly number[],
  running: ReadonlySet<number>,
): string[] {
  const row = new Row(places);
  row.lifelines(running);
  row.write(0, timeLabel(step.atNs).padStart(TIME_WIDTH - 2));
  if (step.kind === 'repeat') {
    row.write((places[0] as number) + 2, `⋮ ${stepLabel(step)}`);
    return [row.text()];
  }
  if (step.kind === 'note') {
    row.write((places[step.lane] as number) + 2, stepLabel(step));
  } else {
    row.arrow(step.from, step.to, stepLabel(step));
  }
  if (step.diverges !== true) return [row.text()];
  return [`${'─'.repeat(TIME_WIDTH)} here model and real Xen part ${'─'.repeat(30)}`, row.text()];
}

/** Columns of the lanes. */
function lanePlaces(diagram: SequenceDiagram): number[] {
  const places: number[] = [];
  let at = TIME_WIDTH;
  for (const gap of laneGaps(diagram, ROOM)) {
    places.push(at);
    at += gap;
  }
  return places;
}

/** One line, written into by column. */
class Row {
  private readonly cells: string[] = [];

  constructor(private readonly places: readonly number[]) {}

  write(column: number, text: string): void {
    for (const [i, char] of [...text].entries()) this.put(column + i, char);
  }

  lifelines(running: ReadonlySet<number>): void {
    this.places.forEach((place, lane) => {
      this.put(place, running.has(lane) ? '┃' : '│');
    });
  }

  arrow(from: number, to: number, label: string): void {
    const [left, right] = [from, to].sort((a, b) => a - b) as [number, number];
    const begin = (this.places[left] as number) + 1;
    const end = (this.places[right] as number) - 1;
    for (let column = begin; column <= end; column++) {
      this.put(column, this.places.includes(column) ? '┼' : '─');
    }
    this.put(to > from ? end : begin, to > from ? '▶' : '◀');
    // Beside the lane at the left; over those between, where it is long.
    this.write(begin + 2, ` ${label} `);
  }

  text(): string {
    return Array.from(this.cells, (cell) => cell ?? ' ').join('');
  }

  private put(column: number, char: string): void {
    this.cells[column] = char;
  }
}
