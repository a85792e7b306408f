import { Prng } from '../../src/base/prng.js';
import { allOf } from '../../src/scenario/checkers/all-of.js';
import { checkDelivery } from '../../src/scenario/checkers/delivery.js';
import { checkIsolation } from '../../src/scenario/checkers/isolation.js';
import { longestGap } from '../../src/scenario/checkers/progress.js';
import type { Scenario } from '../../src/scenario/contract.js';
import type { Finding } from '../../src/scenario/faults/outcome.js';
import { type Achievement, PHASES, type Phase, Siege } from '../../src/scenario/faults/siege.js';
import { Stage } from '../../src/scenario/faults/stage.js';

const MS = 1e9;
const PERIOD_PS = 1 * MS;
/** A bystander that hears nothing for so long stands still. */
const STANDSTILL_PS = 100 * MS;

const METRICS: readonly [name: string, what: Achievement][] = [
  ['statesWithoutEffect', 'nothing'],
  ['statesStalled', 'own channel stalled'],
  ['statesCorrupted', 'data corrupted but contained'],
  ['statesVictimStopped', 'victim stopped'],
  ['statesEscaped', 'escaped'],
];

const FINDING: Readonly<Record<Achievement, Finding>> = {
  nothing: 'delivered',
  'own channel stalled': 'stalled',
  'data corrupted but contained': 'corrupted but contained',
  'victim stopped': 'victim stopped',
  escaped: 'escaped',
};

/**
 * "You can't trust any ring structures." One side of a connection is hostile: it puts every boundary value, then random
 * ones, into every field that it can write and every argument that it can give, at random moments of an honest message's
 * way. The victim must neither read nor write outside its ring; a bystander who talks to the same victim must go on.
 */
export const hostilePeer: Scenario = {
  name: 'hostile-peer',
  summary: 'a hostile peer puts any value anywhere it can: what it achieves, state by state',
  version: 1,
  settings: {
    attacker: {
      default: 'client',
      meaning: 'which side is hostile',
      choices: ['client', 'server'],
    },
    phase: {
      default: 'transfer',
      meaning:
        'when: on a connection that works, while one is made, or while the victim closes one',
      choices: PHASES,
    },
  },
  metrics: [
    {
      name: 'hostileStates',
      unit: '1',
      better: 'none',
      meaning: 'hostile states that were tried',
    },
    ...METRICS.map(([name, what]) => ({
      name,
      unit: '1',
      better: 'lower' as const,
      meaning: `hostile states by which the attacker achieved: ${what}`,
    })),
    {
      name: 'bystanderGapNs',
      unit: 'ns',
      better: 'lower',
      meaning: "longest time in which a bystander's connection to the same victim stood still",
    },
  ],
  protocolDetermined: [],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { attacker: ['client', 'server'], phase: [...PHASES] },
      },
    ],
  },
  /** Hostile states. */
  messages: ({ settings }) => (settings['phase'] === 'transfer' ? 1000 : 150),
  topology: ({ guestTypes }) => ({
    guests: [
      { name: 'victim', type: guestTypes[0] },
      { name: 'attacker', type: guestTypes[1] },
      { name: 'bystander', type: guestTypes[1] },
    ],
    limits: 'raised',
  }),
  start(world) {
    const { messages, seed, settings } = world.parameters;
    const [victim, attacker, bystander] = [world.guest(0), world.guest(1), world.guest(2)];
    const stage = new Stage(world, []);
    const honest = stage.pair('1', victim, bystander);
    const endpoint = world.endpoint(1, victim, [bystander]);
    stage.start(honest.server, endpoint, (party) => party.answerAll());
    stage.start(honest.client, endpoint, (party) => party.askEvery(PERIOD_PS));
    const siege = new Siege(
      stage,
      attacker,
      victim,
      settings['attacker'] === 'server',
      new Prng(seed),
      messages,
      settings['phase'] as Phase,
    );
    stage.direct(
      (function* () {
        const fromPs = stage.now;
        const besieging = world.spawn(attacker, 'siege', siege.lay());
        yield* stage.until(() => besieging.state === 'done', 3_000_000 * MS);
        if (besieging.state !== 'done') world.fail('the siege did not end');
        world.values.set('hostileStates', siege.done);
        for (const [name, what] of METRICS) {
          const times = siege.tally.get(what) ?? 0;
          world.values.set(name, times);
          if (times > 0) stage.find(FINDING[what]);
        }
        const window = { flow: honest.client.incoming, fromPs: fromPs + 50 * MS, toPs: stage.now };
        const gapPs = longestGap(stage.history, window);
        world.values.set('bystanderGapNs', gapPs / 1000);
        const stoodStill = gapPs > STANDSTILL_PS && window.toPs - window.fromPs > STANDSTILL_PS;
        stage.tell('bystander', stoodStill ? 'stood still' : 'goes on');
        stage.tell('connections', siege.connections);
        if (siege.brokenOff !== undefined) stage.tell('brokenOff', siege.brokenOff);
        for (const [name, worst] of worstByPublished(siege)) stage.tell(name, worst);
        stage.tell('byKind', achievedByKind(siege));
      })(),
    );
  },
  check(world) {
    const stage = Stage.of(world);
    if (stage === undefined) return { verdict: 'unknown', reason: 'no history was kept' };
    if (!((world.values.get('hostileStates') ?? 0) > 0)) {
      return {
        verdict: 'unknown',
        reason: String(world.outcome['brokenOff'] ?? 'no state was tried'),
      };
    }
    // The page tables are the hypervisor's: where they let somebody in who has no right, the model is wrong.
    return allOf([
      checkIsolation(world.machine),
      checkDelivery(
        stage.history,
        stage.parties.map(({ outgoing }) => ({ flow: outgoing, cutShort: true })),
      ),
    ]);
  },
};

/**
 * What the states of each kind achieved, and how often: "left.prod: 12 nothing, 30 own channel stalled; ...". A set-up that
 * was disturbed in several ways counts for each of them once.
 */
function achievedByKind({ states }: Siege): string {
  const kinds = new Map<string, Map<Achievement, number>>();
  for (const { acts, achievement } of states) {
    for (const act of new Set(acts.length === 0 ? ['nothing was done'] : acts.map(kindOf))) {
      const times = kinds.get(act) ?? new Map<Achievement, number>();
      kinds.set(act, times.set(achievement, (times.get(achievement) ?? 0) + 1));
    }
  }
  return [...kinds]
    .map(([kind, times]) => {
      const counts = METRICS.map(([, what]) => [what, times.get(what) ?? 0] as const);
      const seen = counts.filter(([, count]) => count > 0);
      return `${kind}: ${seen.map(([what, count]) => `${count} ${what}`).join(', ')}`;
    })
    .join('; ');
}

/** Nodes of one connection have its number in their names, and one word of a page is as good as another. */
function kindOf(act: string): string {
  return act.replace(/[-0-9]*\d+-\d+$/, '...').replace(/^word \d+ of/, 'a word of');
}

/** For each published case, the worst that it achieved. */
function worstByPublished(siege: Siege): Map<string, Achievement> {
  const order = METRICS.map(([, what]) => what);
  const worst = new Map<string, Achievement>();
  for (const { published, achievement } of siege.states) {
    if (published === undefined) continue;
    const known = worst.get(published) ?? 'nothing';
    worst.set(published, order.indexOf(achievement) > order.indexOf(known) ? achievement : known);
  }
  return worst;
}
