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

/** All lengths in pixels. */
const ROW = 26;
const TIME = 76;
const CHARACTER = 7.9;
const ROOM: LaneRoom = { least: 150, character: CHARACTER, besideArrow: 48, besideNote: 48 };
const HEAD = 92;
const MARGIN = 24;
const BAR = 8;

const STYLE = `
.d { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.d .title { font-size: 16px; font-weight: 600; }
.d text { fill: #1b1f24; }
.d .muted { fill: #59636e; }
.d .page { fill: #ffffff; }
.d .life { stroke: #b7bdc4; stroke-dasharray: 3 4; }
.d .run { fill: #cfe3fb; stroke: #4d7fb8; }
.d .xen { fill: #fde3c8; stroke: #b8793a; }
.d .arrow { stroke: #1b1f24; stroke-width: 1.3; }
.d .tip { fill: #1b1f24; }
.d .dot { fill: #59636e; }
.d .part { stroke: #c0392b; stroke-width: 2; }
.d .parted { fill: #c0392b; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .d text, .d .tip { fill: #e6e9ec; }
  .d .muted, .d .dot { fill: #9aa4ae; }
  .d .page { fill: #14181d; }
  .d .life { stroke: #4b545e; }
  .d .run { fill: #1f3b5c; stroke: #6ea3dd; }
  .d .xen { fill: #503618; stroke: #d79a58; }
  .d .arrow { stroke: #e6e9ec; }
}`;

/** The diagram as a picture that stands by itself: no script, no font or image from elsewhere. */
export function sequenceSvg(diagram: SequenceDiagram): string {
  const gaps = laneGaps(diagram, ROOM);
  const places = lanePlaces(gaps);
  const titleWidth = Math.max(diagram.title.length * 10, diagram.subtitle.length * CHARACTER);
  const noteWidth = Math.max(0, ...diagram.notes.map(({ length }) => length * CHARACTER));
  const width = Math.ceil(
    Math.max(
      (places.at(-1) as number) + (gaps.at(-1) as number),
      titleWidth + 2 * MARGIN,
      noteWidth + 2 * MARGIN,
    ),
  );
  const bottom = HEAD + (diagram.steps.length + 1) * ROW;
  const height = bottom + diagram.notes.length * 20 + MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="d" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t s">`,
    `<title id="t">${escaped(diagram.title)}</title>`,
    `<desc id="s">${escaped(description(diagram))}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="30">${escaped(diagram.title)}</text>`,
    `<text class="muted" x="${MARGIN}" y="50">${escaped(diagram.subtitle)}</text>`,
    ...heads(diagram, places, bottom),
    ...bars(diagram, places),
    ...diagram.steps.flatMap((step, row) => stepParts(step, places, rowY(row), width)),
    ...diagram.notes.map(
      (note, i) =>
        `<text class="muted" x="${MARGIN}" y="${bottom + 16 + i * 20}">${escaped(note)}</text>`,
    ),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/**
 * Two diagrams side by side as one picture.
 *
 * @param answer what they say of each other, in a sentence
 */
export function sequencePairSvg(
  left: SequenceDiagram,
  right: SequenceDiagram,
  answer: string,
): string {
  const [first, second] = [left, right].map(sequenceSvg) as [string, string];
  const [a, b] = [sizeOf(first), sizeOf(second)];
  const width = a.width + b.width;
  const height = Math.max(a.height, b.height) + 2 * MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="d" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    placed(first, 0, 'left'),
    placed(second, a.width, 'right'),
    `<text x="${MARGIN}" y="${height - MARGIN}" font-weight="600">${escaped(answer)}</text>`,
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width = '0', height = '0'] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}

/** A picture inside another, its names made its own. */
function placed(svg: string, x: number, name: string): string {
  return svg
    .replace('<svg ', `<svg x="${x}" `)
    .replace('aria-labelledby="t s"', `aria-labelledby="${name}-t ${name}-s"`)
    .replace('id="t"', `id="${name}-t"`)
    .replace('id="s"', `id="${name}-s"`)
    .trimEnd();
}

function heads({ lanes }: SequenceDiagram, places: readonly number[], bottom: number): string[] {
  const unit = `<text class="muted" x="${TIME - 18}" y="${HEAD - 6}" text-anchor="end">us</text>`;
  const parts = lanes.flatMap(({ name, role }, lane) => {
    const x = places[lane] as number;
    return [
      `<text x="${x}" y="${HEAD - 22}" text-anchor="middle" font-weight="600">${escaped(name)}</text>`,
      `<text class="muted" x="${x}" y="${HEAD - 6}" text-anchor="middle">${escaped(role)}</text>`,
      `<line class="life" x1="${x}" x2="${x}" y1="${HEAD}" y2="${bottom}"/>`,
    ];
  });
  return [unit, ...parts];
}

/** A bar on each lane while it runs. */
function bars(diagram: SequenceDiagram, places: readonly number[]): string[] {
  const running = runningAt(diagram);
  return diagram.lanes.flatMap((lane, number) => {
    const rects: string[] = [];
    let from = -1;
    for (let row = 0; row <= running.length; row++) {
      const runs = running[row]?.has(number) === true;
      if (runs && from < 0) from = row;
      if (runs || from < 0) continue;
      const x = (places[number] as number) - BAR / 2;
      const y = rowY(from) - ROW / 2 + 2;
      const kind = lane.name === 'Xen' ? 'xen' : 'run';
      const height = (row - from) * ROW - 4;
      rects.push(
        `<rect class="${kind}" x="${x}" y="${y}" width="${BAR}" height="${height}" rx="2"/>`,
      );
      from = -1;
    }
    return rects;
  });
}

function stepParts(
  step: SequenceStep,
  places: readonly number[],
  y: number,
  width: number,
): string[] {
  const label = escaped(stepLabel(step));
  const time = `<text class="muted" x="${TIME - 18}" y="${y + 4}" text-anchor="end">${timeLabel(step.atNs)}</text>`;
  if (step.kind === 'repeat') {
    const x = (places[0] as number) + 12;
    return [time, `<text class="muted" x="${x}" y="${y + 4}">⋮ ${label}</text>`];
  }
  const parting =
    step.diverges === true
      ? [
          `<line class="part" x1="${MARGIN}" x2="${width - MARGIN}" y1="${y - ROW / 2}" y2="${y - ROW / 2}"/>`,
          `<text class="parted" x="${width - MARGIN}" y="${y - ROW / 2 - 4}" text-anchor="end">here model and real Xen part</text>`,
        ]
      : [];
  if (step.kind === 'note') {
    const x = places[step.lane] as number;
    return [
      ...parting,
      time,
      `<circle class="dot" cx="${x}" cy="${y}" r="3"/>`,
      `<text x="${x + 12}" y="${y + 4}">${label}</text>`,
    ];
  }
  const direction = step.to > step.from ? 1 : -1;
  const from = (places[step.from] as number) + (direction * BAR) / 2;
  const to = (places[step.to] as number) - direction * (BAR / 2 + 1);
  const left = places[Math.min(step.from, step.to)] as number;
  return [
    ...parting,
    time,
    `<line class="arrow" x1="${from}" x2="${to - direction * 6}" y1="${y}" y2="${y}"/>`,
    `<path class="tip" d="M ${to} ${y} l ${-direction * 8} -4 v 8 z"/>`,
    `<text x="${left + 16}" y="${y - 4}">${label}</text>`,
  ];
}

function rowY(row: number): number {
  return HEAD + (row + 1) * ROW;
}

function lanePlaces(gaps: readonly number[]): number[] {
  const places: number[] = [];
  let at = TIME + 20;
  for (const gap of gaps) {
    places.push(at);
    at += gap;
  }
  return places;
}

function description({ lanes, steps }: SequenceDiagram): string {
  const name = (lane: number): string => lanes[lane]?.name ?? '?';
  return steps
    .map((step) => {
      if (step.kind === 'repeat') return stepLabel(step);
      const who = step.kind === 'note' ? name(step.lane) : `${name(step.from)} to ${name(step.to)}`;
      return `${timeLabel(step.atNs)} us, ${who}: ${stepLabel(step)}`;
    })
    .join('; ');
}

function escaped(text: string): string {
  return withoutControls(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
