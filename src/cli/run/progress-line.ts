import type { PlannedCell } from '../../runner/request.js';
import type { Terminal } from '../terminal.js';

const REDRAW_MS = 100;
/** What takes long by itself is seen to go on. */
const BEAT_MS = 1000;
/** A time that is left cannot be told before so much has passed. */
const EARLIEST_ETA_MS = 1000;

/** One line on a terminal that says how far the run is, and how long it will take. */
export class ProgressLine {
  private done = 0;
  private costDone = 0;
  private readonly cost: number;
  private readonly begunMs = performance.now();
  private drawnMs = Number.NEGATIVE_INFINITY;
  private latest: PlannedCell | undefined;
  private doing: { readonly text: string; readonly sinceMs: number } | undefined;
  private beat: NodeJS.Timeout | undefined;
  private shown = false;

  /** @param already cells that an earlier run has done */
  constructor(
    private readonly terminal: Terminal,
    cells: readonly PlannedCell[],
    private readonly already: number,
    private readonly enabled: boolean,
  ) {
    this.count = cells.length;
    this.cost = cells.reduce((sum, cell) => sum + cell.cost, 0);
  }

  private readonly count: number;

  started(planned: PlannedCell): void {
    this.latest = planned;
    this.draw(false);
  }

  /** What a testbed that has all the cells does now. */
  says(text: string): void {
    this.doing = { text, sinceMs: performance.now() };
    if (this.enabled) this.beat ??= setInterval(() => this.draw(true), BEAT_MS).unref();
    this.draw(true);
  }

  finished(planned: PlannedCell): void {
    this.done++;
    this.costDone += planned.cost;
    this.draw(this.done === this.count);
  }

  /** Takes the line away again. */
  clear(): void {
    clearInterval(this.beat);
    if (this.shown) this.terminal.animate('\r\x1b[K');
    this.shown = false;
  }

  private draw(now: boolean): void {
    if (!this.enabled) return;
    const nowMs = performance.now();
    if (!now && nowMs - this.drawnMs < REDRAW_MS) return;
    this.drawnMs = nowMs;
    this.shown = true;
    const line = progressText({
      done: this.already + this.done,
      all: this.already + this.count,
      share: this.cost === 0 ? 1 : this.costDone / this.cost,
      elapsedMs: nowMs - this.begunMs,
      ...(this.latest === undefined ? {} : { latest: this.latest }),
      ...(this.doing === undefined
        ? {}
        : { doing: `${this.doing.text}, ${duration(nowMs - this.doing.sinceMs)}` }),
    });
    this.terminal.animate(`\r${line.slice(0, this.terminal.progressWidth - 1)}\x1b[K`);
  }
}

/** How far a run is. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  /** Of the expected work, 0 to 1. */
  readonly share: number;
  readonly elapsedMs: number;
  readonly latest?: PlannedCell;
  /** In place of the latest cell, where cells go on all at once. */
  readonly doing?: string;
}

/** "12/48 cells, 25 %, 8 s left: libvchan stream". */
export function progressText({ done, all, share, elapsedMs, latest, doing }: Progress): string {
  const percent = Math.floor(share * 100);
  const leftMs = share > 0 ? (elapsedMs / share) * (1 - share) : Number.NaN;
  const unknown = elapsedMs < EARLIEST_ETA_MS || share === 0 || share === 1;
  const left = unknown ? '' : `, ${duration(leftMs)} left`;
  const cell = latest === undefined ? undefined : `${latest.transport} ${latest.scenario}`;
  const what = doing ?? cell;
  return `${done}/${all} cells, ${percent} %${left}${what === undefined ? '' : `: ${what}`}`;
}

/** "8 s", "2 min 5 s", "1 h 10 min". */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
