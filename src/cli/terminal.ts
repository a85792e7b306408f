import type { WriteStream } from 'node:tty';
import { fileFault } from '../results/file-fault.js';

/** Width of tables where there is no terminal that says its own. */
const DEFAULT_WIDTH = 120;

const PROGRESS_WIDTH = 80;

type Output = Pick<WriteStream, 'write' | 'on'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the program speaks: data to standard output, everything else to standard error. A reader
 * who goes away (`interdom ... | head`) is no fault: what follows is dropped.
 */
export class Terminal {
  /** Notes and progress are not wanted. */
  quiet = false;
  /** Nobody reads standard output any more. */
  readerIsGone = false;

  constructor(
    private readonly output: Output,
    private readonly errors: Output,
    readonly environment: Environment,
  ) {
    // Without listeners, a failed write would end the program with a stack trace.
    output.on('error', (error: NodeJS.ErrnoException) => this.isGone(error));
    errors.on('error', () => {});
  }

  /** Columns for tables: the terminal's own; where there is none, COLUMNS may say how many. */
  get width(): number {
    const said = Number(/^[1-9]\d{1,3}$/.exec(this.environment['COLUMNS'] ?? '')?.[0] ?? 0);
    return columnsOf(this.output, said || DEFAULT_WIDTH);
  }

  get isInteractive(): boolean {
    return this.output.isTTY === true;
  }

  /** Colour in what is printed. */
  get colour(): boolean {
    return this.output.isTTY === true && this.mayColour;
  }

  /** A line that is written over and over is possible on standard error. */
  get canAnimate(): boolean {
    return this.errors.isTTY === true && this.environment['TERM'] !== 'dumb';
  }

  get progressWidth(): number {
    return columnsOf(this.errors, PROGRESS_WIDTH);
  }

  /** Writes data, and waits until it is taken. Throws UserError when the system refuses. */
  async print(text: string): Promise<void> {
    if (this.readerIsGone || text === '') return;
    await new Promise<void>((resolve, reject) => {
      this.output.write(text, (error) => {
        if (error === undefined || error === null || this.isGone(error)) resolve();
        else reject(fileFault('write', 'standard output', error));
      });
    });
  }

  /** A line for the reader, not for a program: silent under --quiet. */
  note(line: string): void {
    if (!this.quiet) this.errors.write(`${line}\n`);
  }

  /** A line that must be seen. */
  complain(line: string): void {
    this.errors.write(`${line}\n`);
  }

  /** Text for the progress line: no line end of its own. */
  animate(text: string): void {
    this.errors.write(text);
  }

  private get mayColour(): boolean {
    const refused = this.environment['NO_COLOR'];
    return (refused === undefined || refused === '') && this.environment['TERM'] !== 'dumb';
  }

  private isGone(error: NodeJS.ErrnoException): boolean {
    const gone = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
    if (gone) this.readerIsGone = true;
    return gone;
  }
}

/** A terminal that does not know its size says that it has none. */
function columnsOf({ columns = 0 }: Output, otherwise: number): number {
  return columns > 0 ? columns : otherwise;
}
