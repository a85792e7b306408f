import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Profile } from '../../profiles/profile.js';
import { endRun } from '../../results/provenance.js';
import { writeResultsFile } from '../../results/store.js';
import { type ResultsFile, SCHEMA_VERSION } from '../../results/types.js';
import type { RunRequest } from '../../runner/request.js';
import { inPlanOrder } from '../../runner/resume.js';
import type { Invocation } from '../command.js';
import { RUN_FORMATS, run as runCommand } from '../commands/run.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { CellStream } from './cell-stream.js';
import { Interruption } from './interruption.js';
import { type Job, newJob, resumedJob } from './job.js';
import { complainOfUnfinished, withJournal } from './journal-hint.js';
import { measureJob } from './measure-job.js';
import { presentResults, type RunFormat } from './present.js';
import { readyTestbed } from './ready-testbed.js';
import { exitCodeOf } from './soundness.js';

const MOST_JOBS = 1024;
/** The others are in the results file. */
const MOST_NOTES_SHOWN = 8;

/** Carries out `interdom run`. */
export async function runCells(invocation: Invocation): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const jobs = options.integer('jobs', 1, MOST_JOBS) ?? availableParallelism();
  const format = formatOf(invocation);
  let begun: Job | undefined;
  const interruption = new Interruption(() => {
    const kept = begun === undefined ? '' : '; what is done is kept (once more to end at once)';
    terminal.note(`\ninterdom: stopping${kept}`);
  });
  try {
    begun = await begin(invocation, jobs, interruption.signal);
  } catch (error) {
    interruption.dispose();
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  }
  const job = begun;
  const stream = format === 'ndjson' ? new CellStream(terminal, job) : undefined;
  try {
    await measureJob(job, { jobs, stream, interruption, invocation });
    if (isFutile(invocation, job)) return EXIT.ok;
    const results = resultsOf(job);
    keep(results, job);
    // From here on nothing is left to be kept: a signal ends the program as it ends any other.
    interruption.dispose();
    await show(invocation, job, results, format);
    await stream?.finish();
    if (results.run.complete) return exitCodeOf(results, terminal);
    complainOfUnfinished(terminal, job);
    return interruption.exitCode ?? EXIT.internalError;
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

async function begin(invocation: Invocation, jobs: number, signal: AbortSignal): Promise<Job> {
  const { options, terminal } = invocation;
  const onProgress = (text: string): void => terminal.note(`interdom: ${text}`);
  const { environment } = terminal;
  const makeReady = (request: RunRequest, profiles: readonly Profile[]) =>
    readyTestbed(request, { options, environment, jobs, profiles }, { signal, onProgress });
  const journalPath = options.text('resume');
  if (journalPath === undefined) return newJob(invocation, makeReady);
  const names = runCommand.options.map(({ name }) => name);
  return resumedJob(invocation, journalPath, names, makeReady);
}

/** The results go to standard output alone, and nobody reads it any more. */
function isFutile({ terminal }: Invocation, job: Job): boolean {
  return terminal.readerIsGone && job.destination.resultsPath === undefined;
}

function resultsOf(job: Job): ResultsFile {
  const complete = job.done.size === job.plan.length;
  return {
    schemaVersion: SCHEMA_VERSION,
    run: endRun(job.run, Date.now(), complete, job.harness),
    cells: inPlanOrder(job.plan, job.done),
  };
}

/** Writes the results file; the journal has then done its part. */
function keep(results: ResultsFile, job: Job): void {
  const { resultsPath, journalPath } = job.destination;
  if (resultsPath === undefined) return;
  writeResultsFile(resultsPath, results);
  if (!results.run.complete || journalPath === undefined) return;
  job.journal?.close();
  rmSync(journalPath, { force: true });
}

async function show(
  { options, terminal }: Invocation,
  job: Job,
  results: ResultsFile,
  format: RunFormat,
): Promise<void> {
  const { resultsPath } = job.destination;
  if (format !== 'ndjson') await presentResults(results, format, terminal);
  const notes = new Set(results.cells.flatMap((cell) => cell.notes ?? []));
  for (const note of [...notes].slice(0, MOST_NOTES_SHOWN)) terminal.note(`note: ${note}`);
  if (resultsPath !== undefined) terminal.note(`results: ${resultsPath}`);
  if (!options.flag('report') || results.cells.length === 0) return;
  const [{ renderReport }, { reportFolder }] = await Promise.all([
    import('../../report/render-report.js'),
    import('../report/report-folder.js'),
  ]);
  const paths = await renderReport([results], reportFolder([results]));
  terminal.note(`CSV: ${paths.find((path) => path.endsWith('.csv'))}`);
  terminal.note(`report: ${paths[0]}`);
}
