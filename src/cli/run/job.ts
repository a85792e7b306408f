import { canonicalJson } from '../../base/canonical-json.js';
import { UserError } from '../../base/errors.js';
import type { Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import { parseProfile } from '../../profiles/user-profile.js';
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
import { parseRequest } from '../../runner/request-schema.js';
import { checkSameOrigin, continuePlan } from '../../runner/resume.js';
import { shardPlan } from '../../runner/shard.js';
import type { BatchTestbed } from '../../testbed/contract.js';
import { CATALOGUE } from '../catalogue.js';
import type { Invocation } from '../command.js';
import { packageVersion } from '../program-version.js';
import { offeredTestbed, takesBatches } from '../testbeds.js';
import { type Destination, destinationOf, journalOf, resultsBeside } from './destination.js';
import { hostFacts, programCommit } from './host-facts.js';
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
  });
  const run = { ...begun, ...shard };
  const destination = destinationOf(options.text('output'), run.id);
  const header = journalHeader(run, { ...request });
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
  const request = parseRequest(header.options, journalPath);
  const catalogue = await catalogueOf(request, run, journalPath);
  const ready = await makeReady(request, chosen(request, catalogue));
  if (ready !== undefined) checkSameComputers(ready.profiles, run, journalPath);
  const { plan } = sharded(planCells(request, catalogue), request);
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

/** The catalogue from which a run that is resumed was planned. Throws UserError where it has changed. */
async function catalogueOf(
  request: RunRequest,
  run: RunDescription,
  where: string,
): Promise<Catalogue> {
  const offered = offeredTestbed(request.testbed);
  const rules = takesBatches(offered)
    ? await offered.rules(request.testbedOptions ?? {})
    : offered.rules;
  const catalogue = rules === undefined ? CATALOGUE : { ...CATALOGUE, rules };
  if (rules?.profiles !== undefined) return catalogue;
  const profiles = request.profiles.map((name) => profileOf(name, run, where));
  return { ...catalogue, profiles };
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

/** What this run shall do of a plan, and what it then says of it. */
function sharded(
  plan: readonly PlannedCell[],
  { shard }: RunRequest,
): { plan: readonly PlannedCell[]; shard: Pick<RunDescription, 'shard'> } {
  if (shard === undefined) return { plan, shard: {} };
  const { cells, record } = shardPlan(plan, shard);
  return { plan: cells, shard: { shard: record } };
}

/** A profile as the run began with it: built in, or the user's own out of the journal. */
function profileOf(name: string, run: RunDescription, where: string): Profile {
  const record = run.profiles[name];
  if (record === undefined) throw new UserError(`the profile ${name} is not in it`, { where });
  const builtIn = CATALOGUE.profiles.find((profile) => profile.name === name);
  if (builtIn === undefined)
    return parseProfile(JSON.stringify(record), `${where}, profile ${name}`);
  if (canonicalJson(profileRecord(builtIn)) === canonicalJson(record)) return builtIn;
  throw new UserError(`the profile ${name} has changed since the run began`, {
    where,
    remedy: 'start the run anew',
  });
}

/** The profiles that a request names. */
function chosen(request: RunRequest, { profiles }: Catalogue): readonly Profile[] {
  return profiles.filter(({ name }) => request.profiles.includes(name));
}

function records(request: RunRequest, catalogue: Catalogue): Record<string, ProfileRecord> {
  return Object.fromEntries(
    chosen(request, catalogue).map((profile) => [profile.name, profileRecord(profile)]),
  );
}
