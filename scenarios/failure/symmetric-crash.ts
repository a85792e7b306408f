import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import {
  FRAMES_STUCK,
  noteZombies,
  TOLD_NS,
  ZOMBIE_NS,
} from '../../src/scenario/faults/metrics.js';
import { Stage } from '../../src/scenario/faults/stage.js';

const MS = 1e9;
const PERIOD_PS = 2 * MS;

/**
 * A serves B and B serves A, and A crashes (or both do): "the other one couldn't be destroyed because it has some pages
 * mapped from the dead domain". The survivor is watched, then its program lets go, then the toolstack destroys it.
 */
export const symmetricCrash: Scenario = {
  name: 'symmetric-crash',
  summary: 'two domains serve each other and one crashes: who is left a zombie, and for how long',
  version: 2,
  settings: {
    dies: { default: 'one', meaning: 'who crashes', choices: ['one', 'both'] },
    observeMs: {
      default: 5000,
      meaning: 'how long the survivor is left to itself after the crash, in milliseconds',
      range: [1, 3_600_000],
    },
  },
  metrics: [TOLD_NS, ZOMBIE_NS, FRAMES_STUCK],
  protocolDetermined: ['framesStuck'],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        guestType: ['pvh', 'pv'],
        settings: { dies: ['one', 'both'] },
      },
    ],
  },
  messages: () => 1,
  topology: ({ guestTypes }) => ({
    guests: [
      { name: 'a', type: guestTypes[0] },
      { name: 'b', type: guestTypes[1] },
    ],
    limits: 'default',
    onCrash: 'destroy',
  }),
  start(world) {
    const { settings } = world.parameters;
    const both = settings['dies'] === 'both';
    const [a, b] = [world.guest(0), world.guest(1)];
    const stage = new Stage(
      world,
      (both ? [0, 1] : [0]).map((guest) => ({
        action: { do: 'crash', guest },
        when: { mark: 'both talk' },
      })),
    );
    const forward = stage.pair('1', a, b);
    const backward = stage.pair('2', b, a);
    const endpoints = [world.endpoint(1, a, [b]), world.endpoint(2, b, [a])] as const;
    for (const [index, { server, client }] of [forward, backward].entries()) {
      const endpoint = endpoints[index] as (typeof endpoints)[0];
      stage.start(server, endpoint, function* (party) {
        yield* party.answerAll();
        if (party.toldPs !== undefined) yield* party.close();
      });
      stage.start(client, endpoint, function* (party) {
        yield* party.callEvery(PERIOD_PS);
        if (party.toldPs !== undefined) yield* party.close();
      });
    }
    const survivors = [forward.client, backward.server];
    stage.direct(
      (function* () {
        const talking = yield* stage.until(
          () => stage.parties.every(({ received }) => received > 3),
          1000 * MS,
        );
        if (!talking) return world.fail('the two never talked both ways');
        const crashPs = stage.mark('both talk');
        yield* stage.until(
          () => survivors.every(({ closedPs }) => closedPs !== undefined),
          Number(settings['observeMs']) * MS,
        );
        const told = survivors.filter(({ toldPs }) => toldPs !== undefined);
        stage.tell('endsTold', both ? 'none is left' : `${told.length} of 2`);
        stage.tell('zombieLeft', stage.zombies.hasZombie);
        stage.find(stage.zombies.hasZombie ? 'zombie' : 'delivered');
        if (!both && told.length < survivors.length) stage.find('peer untold');
        if (told.length === survivors.length) {
          const last = Math.max(...told.map(({ toldPs }) => toldPs ?? 0));
          world.values.set('toldNs', (last - crashPs) / 1000);
        }
        // The survivor's programs end, as after a restart of the service by hand.
        for (const party of survivors) {
          if (party.closedPs !== undefined) continue;
          yield* stage.have(party.guest, 'closes', party.close(), 20_000 * MS);
        }
        yield* stage.sleep(10 * MS);
        stage.tell('zombieAfterClose', stage.zombies.hasZombie);
        if (!both) world.installation.destroy(b.domain);
        yield* stage.sleep(1000 * MS);
        stage.tell('otherCanBeDestroyed', b.domain.state === 'dead');
        stage.tell('zombieAtTheEnd', stage.zombies.hasZombie);
        noteZombies(world, stage);
        yield* stage.readHoldings();
      })(),
    );
  },
  // Both domains are destroyed at the end: nothing may be left.
  check: (world) => judgeStage(world),
};
