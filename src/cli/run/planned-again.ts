import { canonicalJson } from '../../base/canonical-json.js';
import { UserError } from '../../base/errors.js';
import type { Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import { parseProfile } from '../../profiles/user-profile.js';
import type { RunDescription } from '../../results/types.js';
import { planCells } from '../../runner/plan.js';
import type { Catalogue, PlannedCell, RunRequest } from '../../runner/request.js';
import { parseRequest } from '../../runner/request-schema.js';
import { shardPlan } from '../../runner/shard.js';
import { CATALOGUE } from '../catalogue.js';
import { offeredTestbed, takesBatches } from '../testbeds.js';

/** What a run was asked to do, and its cells. */
export interface PlannedAgain {
  readonly request: RunRequest;
  readonly catalogue: Catalogue;
  readonly plan: readonly PlannedCell[];
}

/** Plans the cells of a run once more, from what it says of itself. Throws UserError where that is no longer possible. */
export async function plannedAgain(run: RunDescription, where: string): Promise<PlannedAgain> {
  const request = parseRequest(run.options, where);
  const catalogue = await catalogueOf(request, run, where);
  return { request, catalogue, plan: sharded(planCells(request, catalogue), request).plan };
}

/** What this run shall do of a plan, and what it then says of it. */
export function sharded(
  plan: readonly PlannedCell[],
  { shard }: RunRequest,
): { plan: readonly PlannedCell[]; shard: Pick<RunDescription, 'shard'> } {
  if (shard === undefined) return { plan, shard: {} };
  const { cells, record } = shardPlan(plan, shard);
  return { plan: cells, shard: { shard: record } };
}

/** The profiles that a request names. */
export function chosen(request: RunRequest, { profiles }: Catalogue): readonly Profile[] {
  return profiles.filter(({ name }) => request.profiles.includes(name));
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
