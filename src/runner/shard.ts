import { invariant } from '../base/errors.js';
import { RunningHash } from '../base/running-hash.js';
import type { ShardRecord } from '../results/types.js';
import type { PlannedCell, Shard } from './request.js';

/** A shard takes at most so many times its share of the expected work. */
const SLACK = 1.1;

/**
 * The cells of one shard, in plan order, and the record by which `merge` puts them back among the
 * others.
 *
 * Each cell has an order of preference among the shards, by a hash of its id and the shard's number,
 * and goes to the first that has room: consistent hashing with bounded loads. So shards differ by a
 * tenth in expected work, and when cells are added nearly all others stay where they are, however
 * the plan's order changes. Largest cells first: what is left over then fills small gaps.
 * Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018;
 * Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998 (the order of
 * preference).
 */
export function shardPlan(
  plan: readonly PlannedCell[],
  shard: Shard,
): { readonly cells: readonly PlannedCell[]; readonly record: ShardRecord } {
  const { index, of } = shard;
  invariant(index >= 1 && index <= of, 'a shard is none of its number', { index, of });
  const shardOfCell = assignment(plan, of);
  const cells: PlannedCell[] = [];
  const positions: number[] = [];
  plan.forEach((cell, position) => {
    if (shardOfCell.get(cell.id) !== index) return;
    cells.push(cell);
    positions.push(position);
  });
  const record: ShardRecord = {
    index,
    of,
    plannedCells: plan.length,
    positions: rangesText(positions),
    planHash: planHash(plan),
  };
  return { cells, record };
}

/** Number of the shard, from 1, by id of the cell. */
export function assignment(
  plan: readonly Pick<PlannedCell, 'id' | 'cost'>[],
  of: number,
): ReadonlyMap<string, number> {
  const total = plan.reduce((sum, { cost }) => sum + cost, 0);
  const capacity = (total / of) * SLACK;
  const loads = new Float64Array(of + 1);
  const assigned = new Map<string, number>();
  const largestFirst = [...plan].sort((a, b) => b.cost - a.cost || (a.id < b.id ? -1 : 1));
  for (const { id, cost } of largestFirst) {
    const order = preference(id, of);
    const roomy = order.find((shard) => (loads[shard] as number) + cost <= capacity);
    const shard = roomy ?? leastLoaded(order, loads);
    loads[shard] = (loads[shard] as number) + cost;
    assigned.set(id, shard);
  }
  return assigned;
}

function preference(id: string, of: number): readonly number[] {
  const base = new RunningHash();
  for (let i = 0; i < id.length; i++) base.add(id.charCodeAt(i));
  const own = Number.parseInt(base.digest().slice(0, 8), 16);
  const scores = Array.from({ length: of }, (_, i) => {
    const hash = new RunningHash();
    hash.add(own);
    hash.add(i + 1);
    return { shard: i + 1, score: hash.digest() };
  });
  scores.sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : a.shard - b.shard));
  return scores.map(({ shard }) => shard);
}

function leastLoaded(order: readonly number[], loads: Float64Array): number {
  return order.reduce((best, shard) =>
    (loads[shard] as number) < (loads[best] as number) ? shard : best,
  );
}

/** So that shards of two plans are not put together. */
function planHash(plan: readonly PlannedCell[]): string {
  const hash = new RunningHash();
  for (const { id, scenarioVersion } of plan) {
    for (let i = 0; i < id.length; i++) hash.add(id.charCodeAt(i));
    hash.add(scenarioVersion);
  }
  return hash.digest();
}

/** "0-3,7,9-12". @param numbers rising */
export function rangesText(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let from = 0; from < numbers.length; ) {
    let to = from;
    while (numbers[to + 1] === (numbers[to] as number) + 1) to++;
    parts.push(from === to ? `${numbers[from]}` : `${numbers[from]}-${numbers[to]}`);
    from = to + 1;
  }
  return parts.join(',');
}

/**
 * The numbers of "0-3,7". Undefined where it is not that, or names more than `most`: it was read
 * from a file.
 */
export function parseRanges(text: string, most: number): readonly number[] | undefined {
  if (text === '') return [];
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (to < from || from <= (numbers.at(-1) ?? -1) || numbers.length + to - from >= most) {
      return undefined;
    }
    for (let number = from; number <= to; number++) numbers.push(number);
  }
  return numbers;
}
