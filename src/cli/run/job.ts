import { canonicalJson } from '../../base/canonical-json.js';
import { UserError } from '../../base/errors.js';
import type { Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import { beginRun, journalHeader } from '../../results/provenance.js';
import { JournalWriter, readJournal } from '../../results/store.js';
import type {
  Cell,
  JournalHeader,
  MetricValue,
  ProfileRecord,
  RunDescription,
} from '../../results/types.js';
import { planCells } from '../../runner/plan.js';
import type { Catalogue, PlannedCell, RunRequest } from '../../runner/request.js';
import { checkSameOrigin, continuePlan } from '../../runner/resume.js';
import type { BatchTestbed } from '../../testbed/contract.js';
import { CATALOGUE } from '../catalogue.js';
import type { Invocation } from '../command.js';
import { packageVersion } from '../program-version.js';
import { type Destination, destinationOf, journalOf, resultsBeside } from './destination.js';
import { hostFacts, programCommit } from './host-facts.js';
import { chosen, plannedAgain, sharded } from './planned-again.js';
import { readRequest } from './read-request.js';
import type { ReadyTestbed } from './ready-testbed.js';

/** A run that is about to begin, or to go on. */
export interface Job {
  readonly request: RunRequest;
  readonly catalogue: Catalogue;
  /** As it began. */
  readonly run: RunDescription;
  readonly header: JournalHeader;
  readonly plan: readonly PlannedCell[];
  readonly todo: readonly PlannedCell[];
  /** Cells by id: those of the journal, and those that are done meanwhile. */
  readonly done: Map<string, Cell>;
  readonly destination: Destination;
  readonly journal: JournalWriter | undefined;
  /** The testbed, ready, where it takes all cells at once. */
  readonly batches: BatchTestbed | undefined;
  /** The harness's own speed, where it was measured. */
  harness: Readonly<Record<string, MetricValue>> | undefined;
}

/** How a testbed that takes batches is made ready for a request. */
export type MakeReady = (
  request: RunRequest,
  profiles: readonly Profile[],
) => Promise<ReadyTestbed | undefined>;

/** A new run as the options say. Begins its journal. Throws UserError. */
export async function newJob(
  { options, positionals, words }: Invocation,
  makeReady: MakeReady,
): Promise<Job> {
  const { request, catalogue } = await readRequest(options, positionals, CATALOGUE);
  const { plan, shard } = sharded(planCells(request, catalogue), request);
  const ready = await makeReady(request, chosen(request, catalogue));
  const begun = beginRun({
    startedAtMs: Date.now(),
    command: ['interdom', ...words],
    version: packageVersion(),
    commit: programCommit(),
    seed: request.seed,
    suite: request.suite,
    host: hostFacts(),
    profiles: ready?.profiles ?? records(request, catalogue),
    options: { ...request },
  });
  const run = { ...begun, ...shard };
  const destination = destinationOf(options.text('output'), run.id);
  const header = journalHeader(run, options.flag('no-harness'));
  const { journalPath } = destination;
  const journal = journalPath === undefined ? undefined : JournalWriter.create(journalPath, header);
  return {
    request,
    catalogue,
    run,
    header,
    plan,
    todo: plan,
    done: new Map(),
    destination,
    journal,
    batches: ready?.testbed,
    harness: undefined,
  };
}

/** Options that may stand beside --resume: none of them decides which cells there are. */
const MAY_GO_WITH_RESUME = [
  'resume',
  'output',
  'format',
  'report',
  'jobs',
  'quiet',
  'no-progress',
  'no-harness',
  'xen-cache',
  'config',
  'verbose',
];

/** A run that was interrupted, with the options that it had. Throws UserError. */
export async function resumedJob(
  { options, positionals }: Invocation,
  given: string,
  otherOptions: readonly string[],
  makeReady: MakeReady,
): Promise<Job> {
  const unwelcome = otherOptions.find(
    (name) => !MAY_GO_WITH_RESUME.includes(name) && options.given(name)?.where === `--${name}`,
  );
  if (unwelcome !== undefined || positionals.length > 0) {
    throw new UserError('a resumed run has the options that it began with', {
      where: unwelcome === undefined ? `"${positionals[0]}"` : `--${unwelcome}`,
      remedy: 'leave it out, or start a run of its own',
    });
  }
  const journalPath = journalOf(given);
  const { header, cells, keptBytes } = await readJournal(journalPath);
  const { run } = header;
  checkSameOrigin(run, { version: packageVersion(), commit: programCommit() }, journalPath);
  const { request, catalogue, plan } = await plannedAgain(run, journalPath);
  const ready = await makeReady(request, chosen(request, catalogue));
  if (ready !== undefined) checkSameComputers(ready.profiles, run, journalPath);
  const { done, todo } = continuePlan(plan, cells, journalPath);
  const output = options.text('output') ?? resultsBeside(journalPath);
  const destination = { ...destinationOf(output, run.id), journalPath };
  const journal = JournalWriter.resume(journalPath, keptBytes);
  return {
    request,
    catalogue,
    run,
    header,
    plan,
    todo,
    done: new Map(done),
    destination,
    journal,
    batches: ready?.testbed,
    harness: undefined,
  };
}

/** Cells of two hypervisors, or of two emulators, do not stand in one file. Throws UserError. */
function checkSameComputers(
  now: RunDescription['profiles'],
  { profiles: began }: RunDescription,
  where: string,
): void {
  if (canonicalJson(now) === canonicalJson(began)) return;
  throw new UserError('what the cells run on has changed since the run began', {
    where,
    remedy: 'start the run anew',
  });
}

function records(request: RunRequest, catalogue: Catalogue): Record<string, ProfileRecord> {
  return Object.fromEntries(
    chosen(request, catalogue).map((profile) => [profile.name, profileRecord(profile)]),
  );
}
