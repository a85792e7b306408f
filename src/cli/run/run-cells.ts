import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { UserError } from '../../base/errors.js';
import { endRun } from '../../results/provenance.js';
import { writeResultsFile } from '../../results/store.js';
import { type Cell, type ResultsFile, SCHEMA_VERSION } from '../../results/types.js';
import { inPlanOrder } from '../../runner/resume.js';
import type { Invocation } from '../command.js';
import { RUN_FORMATS, run as runCommand } from '../commands/run.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { carryOutJob } from './carry-out-job.js';
import { CellStream } from './cell-stream.js';
import { Interruption } from './interruption.js';
import { type Job, newJob, resumedJob } from './job.js';
import { presentResults, type RunFormat } from './present.js';
import { ProgressLine } from './progress-line.js';

const MOST_JOBS = 1024;
/** A power loss may cost the cells of so long. */
const SYNC_MS = 1000;

/** Carries out `interdom run`. */
export async function runCells(invocation: Invocation): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const jobs = options.integer('jobs', 1, MOST_JOBS) ?? availableParallelism();
  const format = formatOf(invocation);
  const journalPath = options.text('resume');
  const job =
    journalPath === undefined
      ? newJob(invocation)
      : await resumedJob(
          invocation,
          journalPath,
          runCommand.options.map(({ name }) => name),
        );
  const stream = format === 'ndjson' ? new CellStream(terminal, job) : undefined;
  const interruption = new Interruption(() => {
    terminal.note(`\ninterdom: stopping; what is done is kept (once more to end at once)`);
  });
  try {
    await measure(invocation, job, jobs, stream, interruption);
    const results = await resultsOf(invocation, job, interruption);
    return await finish(invocation, job, results, format, stream, interruption);
  } catch (error) {
    throw withJournal(error, job);
  } finally {
    interruption.dispose();
    job.journal?.close();
  }
}

function formatOf({ options }: Invocation): RunFormat {
  const format = options.word('format', RUN_FORMATS);
  return format ?? (options.text('output') === '-' ? 'json' : 'table');
}

async function measure(
  { options, terminal }: Invocation,
  job: Job,
  jobs: number,
  stream: CellStream | undefined,
  interruption: Interruption,
): Promise<void> {
  const enabled = terminal.canAnimate && !terminal.quiet && !options.flag('no-progress');
  const progress = new ProgressLine(terminal, job.todo, job.done.size, enabled);
  let syncedMs = performance.now();
  const keep = (cell: Cell): void => {
    job.done.set(cell.id, cell);
    job.journal?.append(cell);
    stream?.advance();
    if (performance.now() - syncedMs < SYNC_MS) return;
    job.journal?.sync();
    syncedMs = performance.now();
  };
  try {
    await carryOutJob(
      job,
      { jobs, inOrder: stream !== undefined },
      {
        signal: interruption.signal,
        onStart: (planned) => progress.started(planned),
        onCell: (cell, planned) => {
          keep(cell);
          progress.finished(planned);
        },
      },
    );
  } finally {
    progress.clear();
  }
}

async function resultsOf(
  { options }: Invocation,
  job: Job,
  interruption: Interruption,
): Promise<ResultsFile> {
  const complete = job.done.size === job.plan.length;
  const harness =
    complete && !interruption.signal.aborted && !options.flag('no-harness')
      ? (await import('./harness-metrics.js')).harnessMetrics()
      : undefined;
  return {
    schemaVersion: SCHEMA_VERSION,
    run: endRun(job.run, Date.now(), complete, harness),
    cells: inPlanOrder(job.plan, job.done),
  };
}

async function finish(
  { options, terminal }: Invocation,
  job: Job,
  results: ResultsFile,
  format: RunFormat,
  stream: CellStream | undefined,
  interruption: Interruption,
): Promise<ExitCode> {
  const { resultsPath, journalPath } = job.destination;
  if (resultsPath !== undefined) writeResultsFile(resultsPath, results);
  if (format !== 'ndjson') await presentResults(results, format, terminal);
  await stream?.finish();
  job.journal?.close();
  if (results.run.complete && journalPath !== undefined) rmSync(journalPath, { force: true });
  if (resultsPath !== undefined) terminal.note(`results: ${resultsPath}`);
  if (options.flag('report') && results.cells.length > 0) {
    const [{ renderReport }, { reportFolder }] = await Promise.all([
      import('../../report/render-report.js'),
      import('../report/report-folder.js'),
    ]);
    const paths = await renderReport([results], reportFolder([results]));
    terminal.note(`CSV: ${paths.find((path) => path.endsWith('.csv'))}`);
    terminal.note(`report: ${paths[0]}`);
  }
  const { exitCode } = interruption;
  if (!results.run.complete) hintAtJournal({ terminal }, job);
  return results.run.complete ? exitCodeOf(results, terminal) : (exitCode ?? EXIT.internalError);
}

/** How much of an unfinished run is done, and how it goes on. */
function hintAtJournal({ terminal }: Pick<Invocation, 'terminal'>, job: Job): void {
  const counts = `${job.done.size} of ${job.plan.length} cells are done`;
  const { journalPath } = job.destination;
  terminal.complain(
    `interdom: ${counts}${journalPath === undefined ? '' : `; ${resumption(journalPath)}`}`,
  );
}

function resumption(journalPath: string): string {
  return `to go on: interdom run --resume ${journalPath}`;
}

/** A fault that ends a run, with the way to go on after it. */
function withJournal(error: unknown, { destination, done }: Job): unknown {
  const { journalPath } = destination;
  if (!(error instanceof UserError) || journalPath === undefined || done.size === 0) return error;
  const remedy = [error.remedy, resumption(journalPath)].filter((part) => part !== undefined);
  return new UserError(error.message, {
    ...(error.where === undefined ? {} : { where: error.where }),
    remedy: remedy.join('; '),
    cause: error,
  });
}

const MOST_SHOWN = 5;

/** Says which cells are not sound; nothing is well then. */
function exitCodeOf({ cells }: ResultsFile, terminal: Invocation['terminal']): ExitCode {
  const unsound = cells.filter(({ verdict }) => verdict === 'invalid' || verdict === 'unknown');
  for (const cell of unsound.slice(0, MOST_SHOWN)) {
    terminal.complain(`interdom: ${cell.verdict}: ${cell.id}: ${cell.reason ?? 'no reason given'}`);
  }
  if (unsound.length > MOST_SHOWN) {
    terminal.complain(`interdom: and ${unsound.length - MOST_SHOWN} more are not sound`);
  }
  if (unsound.length > 0) return EXIT.nothingMeasured;
  if (cells.some(({ verdict }) => verdict === 'valid')) return EXIT.ok;
  terminal.complain('interdom: nothing was measured: every cell was skipped');
  return EXIT.nothingMeasured;
}
