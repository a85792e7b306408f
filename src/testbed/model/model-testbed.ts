import { UserError } from '../../base/errors.js';
import { priceTable } from '../../profiles/profile.js';
import type { Cell, Counters } from '../../results/types.js';
import type { World } from '../../scenario/world.js';
import { CAUSES } from '../../xen/causes.js';
import { identifyCell, refusal } from '../cell-identity.js';
import type { CellPlan, PlanningRules, Testbed } from '../contract.js';
import { buildWorld } from './build-world.js';
import { measure } from './metrics.js';

/** Bounds on one cell: what runs longer cannot be what was meant. */
const LONGEST_PS = 3600e12;
const MOST_EVENTS = 2e9;

/** What cannot be simulated is known before it is tried. */
export const MODEL_RULES: PlanningRules = {
  refusal: ({ parameters }, scenario) => scenario.needsRealXen?.(parameters),
};

/** The simulated Xen, in virtual time. */
export const modelTestbed: Testbed = {
  name: 'model',
  summary: 'simulated Xen in virtual time: exact, the same on every machine',
  async run(plan: CellPlan): Promise<Cell> {
    return runModelCell(plan);
  },
};

/** Carries out one cell on the simulated machine. */
export function runModelCell(plan: CellPlan): Cell {
  const { profile, scenario, parameters } = plan;
  const skipped =
    refusal(plan.transport, scenario, parameters) ?? scenario.needsRealXen?.(parameters);
  if (skipped !== undefined) return cell(plan, { verdict: 'skipped', reason: skipped });
  const listed = priceTable(profile, plan.draw?.fractions);
  const prices = scenario.prices?.(listed, parameters, profile.clockHz) ?? listed;
  let world: World;
  try {
    world = buildWorld(
      { features: profile.features, prices },
      plan.transport,
      plan.scenario,
      plan.parameters,
      plan.transportOptions,
    );
    plan.scenario.start(world);
    const stopped = world.machine.run({ timePs: LONGEST_PS, events: MOST_EVENTS });
    if (stopped === 'time-limit' || stopped === 'event-limit') {
      world.fail(
        `did not end within the ${stopped === 'time-limit' ? 'hour of virtual time' : 'two thousand million events'} that a cell may take`,
      );
    }
    world.machine.settleAccounts();
  } catch (error) {
    // A user's mistake stops the run. Anything else spoils this cell alone, and says so.
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return cell(plan, { verdict: 'invalid', reason });
  }
  return judged(plan, world);
}

function judged(plan: CellPlan, world: World): Cell {
  const judgement = judge(plan, world);
  const { trace, machine } = world;
  return cell(plan, {
    ...judgement,
    ...(Object.keys(world.outcome).length > 0 ? { outcome: { ...world.outcome } } : {}),
    metrics: judgement.verdict === 'valid' ? measure(world) : {},
    ...(world.latencyNs.length > 0 ? { histograms: { latencyNs: world.latencies.encode() } } : {}),
    counters: world.countsInWindow() as unknown as Counters,
    attributionNs: attribution(world),
    trace: {
      events: trace.events,
      hash: trace.digest(),
      unseed: machine.prng.uint32(),
    },
  });
}

function judge(plan: CellPlan, world: World): { verdict: Cell['verdict']; reason?: string } {
  if (world.failure !== undefined) return { verdict: 'invalid', reason: world.failure };
  if (!world.finished && world.expectsCompletion) {
    return { verdict: 'invalid', reason: deadlock(world) };
  }
  const verdict = plan.scenario.check?.(world) ?? { verdict: 'valid' as const };
  return verdict.verdict === 'valid' ? { verdict: 'valid' } : verdict;
}

/** Who waits for what, where nothing can go on. */
function deadlock(world: World): string {
  const waiting: string[] = [];
  for (const domain of world.machine.allDomains()) {
    if (!domain.isAlive) waiting.push(`${domain.name} is ${domain.state}: ${domain.crashReason}`);
    for (const vcpu of domain.vcpus) {
      for (const task of vcpu.tasks) {
        if (task.state === 'blocked' && task.name !== 'xenstored') {
          waiting.push(`${domain.name}/${task.name} waits for ${task.waitingFor}`);
        }
      }
    }
  }
  const shown = waiting.slice(0, 8).join('; ');
  return `no progress: ${shown}${waiting.length > 8 ? ` and ${waiting.length - 8} more` : ''}`;
}

function attribution(world: World): Record<string, Record<string, number>> {
  const result: Record<string, Record<string, number>> = {};
  const residents = residentsOf(world);
  world.attributionInWindow().forEach((causes, id) => {
    const named: Record<string, number> = {};
    CAUSES.forEach((cause, index) => {
      const ps = causes[index] as number;
      if (ps !== 0) named[cause] = ps / 1000;
    });
    result[pcpuName(id, residents.get(id) ?? [])] = named;
  });
  return result;
}

/** Names of the domains that live on each pCPU, by its number. */
function residentsOf({ dom0, guests }: World): ReadonlyMap<number, readonly string[]> {
  const residents = new Map<number, string[]>();
  for (const { vcpu, domid, domain } of [dom0, ...guests]) {
    const name = domid === 0 ? 'dom0' : `dom${domid} ${domain.name}`;
    const others = residents.get(vcpu.pcpu.id);
    if (others === undefined) residents.set(vcpu.pcpu.id, [name]);
    else others.push(name);
  }
  return residents;
}

/** "pcpu1 (dom1 receiver)": the pCPU and who lives there. */
function pcpuName(id: number, residents: readonly string[]): string {
  const shown = residents.slice(0, 4).join(', ');
  return `pcpu${id} (${shown}${residents.length > 4 ? ', ...' : ''})`;
}

function cell(plan: CellPlan, rest: Partial<Cell> & Pick<Cell, 'verdict'>): Cell {
  const { profile, transport, scenario, parameters, transportOptions } = plan;
  const size = transport.ringSize(parameters.ringSizeBytes);
  return {
    ...identifyCell({
      testbed: 'model',
      profile: profile.name,
      transport: transport.name,
      scenario: scenario.name,
      parameters,
      transportOptions,
      draw: plan.draw?.number,
    }),
    scenarioVersion: scenario.version,
    effective: 'bytes' in size ? { ringSizeBytes: size.bytes } : {},
    metrics: {},
    ...rest,
  };
}
