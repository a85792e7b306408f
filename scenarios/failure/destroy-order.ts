import type { Scenario } from '../../src/scenario/contract.js';
import type { FaultPlan } from '../../src/scenario/faults/fault-plan.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { FRAMES_STUCK, noteZombies, ZOMBIE_NS } from '../../src/scenario/faults/metrics.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const PERIOD_PS = 2 * MS;

/** What happens first, in each order. The server is the side that grants, where something is granted. */
const PLANS: Readonly<Record<string, FaultPlan>> = {
  'server-first': [{ action: { do: 'destroy', guest: 0 }, when: { mark: 'now' } }],
  'client-first': [
    { action: { do: 'destroy', guest: 1 }, when: { mark: 'now' } },
    { action: { do: 'destroy', guest: 0 }, when: { mark: 'now', laterPs: 100 * MS } },
  ],
  'client-hung': [
    { action: { do: 'hang', guest: 1 }, when: { mark: 'now' } },
    { action: { do: 'destroy', guest: 0 }, when: { mark: 'now', laterPs: 10 * MS } },
  ],
  'client-crashed': [
    { action: { do: 'crash', guest: 1 }, when: { mark: 'now' } },
    { action: { do: 'destroy', guest: 0 }, when: { mark: 'now', laterPs: 10 * MS } },
  ],
};

/**
 * The proposal's "DEADBEEF": sharing memory "imposes an implicit ordering on domain destruction". The server is destroyed
 * while its client runs, hangs, or lies crashed and kept (on_crash = preserve); last of all the client is destroyed.
 */
export const destroyOrder: Scenario = {
  name: 'destroy-order',
  summary: 'a server is destroyed while its client runs, hangs or has crashed: what stays behind',
  version: 2,
  settings: {
    order: {
      default: 'server-first',
      meaning: 'who goes first, or what is wrong with the client when the server goes',
      choices: Object.keys(PLANS),
    },
    observeMs: {
      default: 10_000,
      meaning: 'how long it is watched what stays, in milliseconds',
      range: [1, 3_600_000],
    },
  },
  metrics: [ZOMBIE_NS, FRAMES_STUCK],
  protocolDetermined: ['framesStuck'],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096, 65_536],
        messageSizeBytes: [64],
        settings: { order: Object.keys(PLANS) },
      },
    ],
  },
  messages: () => 1,
  topology: receiverAndSender,
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const stage = new Stage(world, PLANS[String(settings['order'])] ?? []);
    const ends = stage.pair('1', server, client);
    const endpoint = world.endpoint(1, server, [client]);
    stage.start(ends.server, endpoint, (party) => party.answerAll());
    stage.start(ends.client, endpoint, function* (party) {
      yield* party.callEvery(PERIOD_PS);
      if (party.toldPs !== undefined) yield* party.close();
    });
    stage.direct(
      (function* () {
        const talking = yield* stage.until(() => ends.client.received > 3, 1000 * MS);
        if (!talking) return world.fail('the two never talked');
        stage.mark('now');
        yield* stage.sleep(Number(settings['observeMs']) * MS);
        const zombie = stage.zombies.hasZombie;
        stage.find(zombie ? 'zombie' : 'delivered');
        stage.tell('zombieLeft', zombie);
        stage.tell('clientTold', ends.client.toldPs !== undefined);
        if (client.domain.isAlive && !client.vcpu.isPaused && ends.client.toldPs === undefined) {
          stage.find('peer untold');
        }
        // The only cure that is always there: destroy whoever holds the pages.
        world.installation.destroy(client.domain);
        yield* stage.sleep(1000 * MS);
        stage.tell('goneWithTheClient', !stage.zombies.hasZombie);
        noteZombies(world, stage);
        yield* stage.readHoldings();
      })(),
    );
  },
  // Both domains are destroyed at the end: nothing may be left.
  check: (world) => judgeStage(world),
};
