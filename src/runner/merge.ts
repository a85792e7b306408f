import { canonicalJson } from '../base/canonical-json.js';
import { UserError } from '../base/errors.js';
import { hostClass, runId } from '../results/provenance.js';
import {
  type Cell,
  type HostDescription,
  type ProfileRecord,
  type ResultsFile,
  type RunDescription,
  SCHEMA_VERSION,
  type ShardRecord,
} from '../results/types.js';
import { checkOneProgram } from './resume.js';
import { parseRanges } from './shard.js';

/** A results file that is to become a part of a larger one. */
export interface Part {
  /** Its path, for messages. */
  readonly name: string;
  readonly results: ResultsFile;
}

export interface MergeOptions {
  /** As typed. */
  readonly command: string;
  /** Shards may be missing: the result then says that it is not complete. */
  readonly partial: boolean;
}

/**
 * Puts runs together. Shards of one plan give exactly the cells, in the order, that one machine
 * would have written; other runs follow one another. Throws UserError where two parts hold the same
 * cell, come from different programs or have different profiles of one name, where a part was
 * interrupted, and where a shard is missing.
 */
export function mergeRuns(parts: readonly Part[], options: MergeOptions): ResultsFile {
  const [first] = parts;
  if (first === undefined || parts.length < 2) {
    throw new UserError('there is only one part: nothing to merge', {
      where: 'interdom merge',
      remedy: 'name two results files or more',
    });
  }
  const profiles = new Map<string, ProfileOwner>();
  for (const part of parts) checkPart(first, part, profiles);
  refuseOverlaps(parts);
  refuseOtherHosts(parts);
  const sharded = parts.filter(({ results }) => results.run.shard !== undefined);
  const { cells, complete } =
    sharded.length === 0
      ? { cells: parts.flatMap(({ results }) => results.cells), complete: true }
      : mergeShards(parts, options.partial);
  return { schemaVersion: SCHEMA_VERSION, run: mergedRun(parts, options, complete), cells };
}

/** In which part a profile was seen first, and as what. */
interface ProfileOwner {
  readonly name: string;
  readonly text: string;
}

function checkPart(first: Part, part: Part, profiles: Map<string, ProfileOwner>): void {
  const { run } = part.results;
  if (!run.complete) {
    throw new UserError(`the run ${part.name} was interrupted: cells are missing in it`, {
      where: part.name,
      remedy: 'finish it first: interdom run --resume',
    });
  }
  checkOneProgram({ name: first.name, run: first.results.run }, { name: part.name, run });
  for (const [name, profile] of Object.entries(run.profiles)) {
    const text = canonicalJson(profile);
    const known = profiles.get(name);
    if (known === undefined) profiles.set(name, { name: part.name, text });
    if (known === undefined || known.text === text) continue;
    throw new UserError(`the profile ${name} is not the same in ${known.name} and ${part.name}`, {
      where: part.name,
      remedy: 'measure both with the same profile, or name one of them otherwise',
    });
  }
}

function refuseOverlaps(parts: readonly Part[]): void {
  const owners = new Map<string, string>();
  for (const { name, results } of parts) {
    for (const { id } of results.cells) {
      const owner = owners.get(id);
      if (owner !== undefined) {
        throw new UserError(`the cell ${id} stands in ${owner} and in ${name}`, {
          where: name,
          remedy: 'name each part once, and runs that do not overlap',
        });
      }
      owners.set(id, name);
    }
  }
}

/** What was sampled by the wall clock of two kinds of host does not belong in one table. */
function refuseOtherHosts(parts: readonly Part[]): void {
  const sampled = parts.filter(({ results }) => results.cells.some(isSampled));
  const [first] = sampled;
  for (const part of sampled) {
    const here = hostClass(part.results.run.host);
    const there = hostClass((first as Part).results.run.host);
    if (here === there) continue;
    throw new UserError(
      `${(first as Part).name} was sampled on ${there}, and ${part.name} on ${here}`,
      { where: part.name, remedy: 'sample wall-clock figures on one kind of host' },
    );
  }
}

function isSampled({ metrics }: Cell): boolean {
  return Object.values(metrics).some(
    ({ assume, determinedBy }) => assume === 'nothing' && determinedBy === undefined,
  );
}

function mergeShards(
  parts: readonly Part[],
  partial: boolean,
): { readonly cells: readonly Cell[]; readonly complete: boolean } {
  const records = parts.map(({ name, results }) => ({
    name,
    results,
    shard: results.run.shard ?? notAShard(name),
  }));
  const { plannedCells, planHash, of } = (records[0] as (typeof records)[number]).shard;
  const places: (Cell | undefined)[] = new Array(plannedCells).fill(undefined);
  const present = new Set<number>();
  for (const { name, results, shard } of records) {
    if (shard.planHash !== planHash || shard.of !== of || shard.plannedCells !== plannedCells) {
      throw new UserError(`${name} is a shard of another plan than ${records[0]?.name}`, {
        where: name,
        remedy: 'merge shards of runs that differ in --shard alone',
      });
    }
    present.add(shard.index);
    placeCells(places, results.cells, shard, name);
  }
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((i) => !present.has(i));
  if (missing.length > 0 && !partial) {
    throw new UserError(
      `${missing.length} of ${of} shards are missing: ${missing.map((i) => `${i}/${of}`).join(', ')}`,
      {
        where: 'interdom merge',
        remedy: 'name them as well, or merge what there is with --partial',
      },
    );
  }
  return { cells: places.filter((cell) => cell !== undefined), complete: missing.length === 0 };
}

function notAShard(name: string): never {
  throw new UserError(`${name} is no shard, and others are`, {
    where: name,
    remedy: 'merge the shards first, and the result with other runs then',
  });
}

function placeCells(
  places: (Cell | undefined)[],
  cells: readonly Cell[],
  { positions: text }: ShardRecord,
  name: string,
): void {
  const positions = parseRanges(text, places.length);
  const inside = positions?.every((position) => position < places.length) === true;
  if (positions === undefined || !inside || positions.length !== cells.length) {
    throw new UserError(`its shard says that its cells are ${text}, and it has ${cells.length}`, {
      where: name,
      remedy: 'give a results file that interdom wrote',
    });
  }
  positions.forEach((position, i) => {
    if (places[position] !== undefined) {
      throw new UserError(`another shard has the place ${position} of the plan, too`, {
        where: name,
        remedy: 'give results files that interdom wrote',
      });
    }
    places[position] = cells[i] as Cell;
  });
}

function mergedRun(
  parts: readonly Part[],
  { command }: MergeOptions,
  complete: boolean,
): RunDescription {
  const runs = parts.map(({ results }) => results.run);
  const [first] = runs as [RunDescription];
  const profiles: Record<string, ProfileRecord> = {};
  for (const run of runs) Object.assign(profiles, run.profiles);
  const suites = [...new Set(runs.map(({ suite }) => suite))];
  const merged = {
    startedAt: runs.map(({ startedAt }) => startedAt).sort()[0] as string,
    finishedAt: runs
      .map(({ finishedAt }) => finishedAt)
      .sort()
      .at(-1) as string,
    command,
    version: first.version,
    commit: first.commit,
    seed: first.seed,
    host: mergedHost(runs.map(({ host }) => host)),
    suite: suites.length === 1 ? first.suite : suites.join('+').slice(0, 200),
    profiles,
    complete,
    parts: runs.flatMap((run) => run.parts ?? [run.id]),
    ...optionsOfAll(runs),
  };
  return { id: runId(merged), ...merged };
}

/** The options under which one machine would have had all cells; none where the parts were not shards of one plan. */
function optionsOfAll(runs: readonly RunDescription[]): Pick<RunDescription, 'options'> {
  const whole = runs.map(({ options = {} }) => {
    const { shard, ...rest } = options;
    return shard === undefined ? undefined : rest;
  });
  const [first] = whole;
  const isOne =
    first !== undefined &&
    new Set(whole.map((one) => (one === undefined ? '' : canonicalJson(one)))).size === 1;
  return isOne ? { options: first } : {};
}

/** The host, where all parts are from one kind; else one that is taken for none of them. */
function mergedHost(hosts: readonly HostDescription[]): HostDescription {
  const first = hosts[0] as HostDescription;
  const classes = [...new Set(hosts.map(hostClass))];
  if (classes.length === 1) return first;
  return { ...first, cpu: `several: ${classes.join('; ')}`.slice(0, 1000) };
}
