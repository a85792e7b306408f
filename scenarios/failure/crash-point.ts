import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { FRAMES_STUCK, noteZombies, ZOMBIE_NS } from '../../src/scenario/faults/metrics.js';
import type { Party } from '../../src/scenario/faults/party.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import type { Process } from '../../src/scenario/process.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const ROUNDS = 3;

/**
 * A connection is set up, used and taken down, and one side crashes at the n-th step of all that: at each in turn, where
 * somebody sweeps `step`. Whatever the moment, the survivor lives, no wrong byte arrives, and when both domains are
 * destroyed nothing of them is left.
 */
export const crashPoint: Scenario = {
  name: 'crash-point',
  summary: 'one side crashes at the n-th step of a whole connection: set-up, transfer, teardown',
  version: 1,
  settings: {
    dies: {
      default: 'client',
      meaning: 'which side crashes',
      choices: ['client', 'server', 'none'],
    },
    step: { default: 1, meaning: 'at which traced step of the machine', range: [1, 1_000_000] },
  },
  metrics: [
    ZOMBIE_NS,
    FRAMES_STUCK,
    {
      name: 'steps',
      unit: '1',
      better: 'none',
      meaning: 'traced steps of the whole connection; counted where nobody dies',
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
        settings: { dies: ['client', 'server'], step: [10, 40, 80, 160, 320] },
      },
    ],
  },
  messages: () => 2 * ROUNDS,
  topology: (parameters) => ({ ...receiverAndSender(parameters), onCrash: 'destroy' }),
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const nth = Number(settings['step']);
    const dead = settings['dies'] === 'none' ? undefined : settings['dies'] === 'server' ? 0 : 1;
    const stage = new Stage(
      world,
      dead === undefined
        ? []
        : [{ action: { do: 'crash', guest: dead }, when: { step: 'any', nth, mark: 'begin' } }],
    );
    const ends = stage.pair('1', server, client);
    const endpoint = world.endpoint(1, server, [client]);
    const both = [ends.server, ends.client];
    stage.direct(
      (function* () {
        stage.mark('begin');
        if (dead === undefined) stage.injector.countSteps();
        const tasks = [
          stage.start(ends.server, endpoint, serve),
          stage.start(ends.client, endpoint, ask),
        ];
        yield* stage.until(
          () =>
            tasks.every(
              (task, i) => task.state === 'done' || both[i]?.guest.domain.isAlive === false,
            ),
          2000 * MS,
        );
        if (dead === undefined) {
          world.values.set('steps', stage.injector.steps);
          if (ends.server.received !== ROUNDS) world.fail('nobody died, and not all was delivered');
        }
        yield* stage.sleep(10 * MS);
        const crashPs = stage.injector.timeOf('crash');
        stage.tell('died', crashPs !== undefined);
        const survivor = dead === undefined ? undefined : both[1 - dead];
        if (survivor !== undefined && crashPs !== undefined) {
          const task = tasks[both.indexOf(survivor)];
          if (!survivor.guest.domain.isAlive) world.fail('the survivor died, too');
          const waits = task?.state === 'blocked';
          stage.tell('survivorWaits', waits ? (task?.waitingFor ?? '') : 'no');
          stage.find(waits ? 'peer untold' : 'delivered');
          if (stage.zombies.hasZombie) stage.find('zombie');
          if (survivor.closedPs === undefined && survivor.channel !== undefined) {
            yield* stage.have(survivor.guest, 'lets go', survivor.close(), 20_000 * MS);
          }
        } else stage.find('delivered');
        for (const { guest } of both) {
          if (guest.domain.isAlive) world.installation.destroy(guest.domain);
        }
        yield* stage.sleep(100 * MS);
        if (stage.zombies.hasZombie) world.fail('a zombie is left although both are destroyed');
        noteZombies(world, stage);
        yield* stage.readHoldings();
        const frames = [server, client].reduce((sum, { domain }) => sum + domain.heldFrames, 0);
        if (frames > 0) world.fail(`${frames} frames of destroyed domains are left`);
      })(),
    );

    function* serve(party: Party): Process {
      for (let i = 0; i < ROUNDS; i++) {
        if ((yield* party.receive()) < 0 || (yield* party.send()) < 0) break;
      }
      // The client closes first; its end is what this waits for.
      if (party.toldPs === undefined) yield* party.receive();
      yield* party.close();
    }

    function* ask(party: Party): Process {
      for (let i = 0; i < ROUNDS; i++) {
        if ((yield* party.send()) < 0 || (yield* party.receive()) < 0) break;
      }
      yield* party.close();
    }
  },
  check(world) {
    const verdict = judgeStage(world);
    // A crash before the first message leaves nothing to say about delivery.
    const early = verdict.verdict === 'unknown' && world.outcome['died'] === true;
    return early ? { verdict: 'valid' } : verdict;
  },
};
