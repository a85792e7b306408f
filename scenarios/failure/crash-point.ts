import type { Scenario } from '../../src/scenario/contract.js';
import type { FaultAction, Service } from '../../src/scenario/faults/fault-plan.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { FRAMES_STUCK, noteZombies, ZOMBIE_NS } from '../../src/scenario/faults/metrics.js';
import type { Party } from '../../src/scenario/faults/party.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import type { Process } from '../../src/scenario/process.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const ROUNDS = 3;
/** So long the two may take without whoever died, and so long when the broker is back. */
const PATIENCE_PS = 2000 * MS;
const AFTER_REPAIR_PS = 60_000 * MS;

/** Who dies: one of the two domains by its index, or a service of dom0. */
const MORTALS: Readonly<Record<string, FaultAction | undefined>> = {
  client: { do: 'crash', guest: 1 },
  server: { do: 'crash', guest: 0 },
  broker: { do: 'kill', service: 'broker' },
  xenstored: { do: 'kill', service: 'xenstored' },
  none: undefined,
};

/**
 * A connection is set up, used and taken down, and at the n-th step of all that somebody dies: at each in turn, where
 * somebody sweeps `step`. A step is whatever the trace holds, and each write into a word that the peer reads. Whatever the
 * moment, the survivors live, no wrong byte arrives, with the broker back the work is done, and when both domains are
 * destroyed nothing of them is left.
 */
export const crashPoint: Scenario = {
  name: 'crash-point',
  summary: 'somebody dies at the n-th step of a whole connection: set-up, transfer, teardown',
  version: 2,
  settings: {
    dies: {
      default: 'client',
      meaning: 'which side crashes, or which service of dom0 is killed',
      choices: Object.keys(MORTALS),
    },
    step: {
      default: 1,
      meaning: 'at which step: one of the trace, or a write into a word that the peer reads',
      range: [1, 1_000_000],
    },
  },
  metrics: [
    ZOMBIE_NS,
    FRAMES_STUCK,
    {
      name: 'steps',
      unit: '1',
      better: 'none',
      meaning: 'steps of the whole connection; counted where nobody dies',
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
        settings: {
          dies: ['client', 'server', 'broker', 'xenstored'],
          step: [10, 40, 80, 160, 320],
        },
      },
    ],
  },
  messages: () => 2 * ROUNDS,
  topology: (parameters) => ({ ...receiverAndSender(parameters), onCrash: 'destroy' }),
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const nth = Number(settings['step']);
    const action = MORTALS[String(settings['dies'])];
    const stage = new Stage(
      world,
      action === undefined
        ? []
        : [
            { action, when: { step: 'any', nth, mark: 'begin' } },
            { action: { do: 'restart', service: 'broker' }, when: { mark: 'repair' } },
          ],
    );
    const ends = stage.pair('1', server, client);
    const endpoint = world.endpoint(1, server, [client]);
    const both = [ends.server, ends.client];
    stage.direct(
      (function* () {
        stage.mark('begin');
        if (action === undefined) stage.injector.countSteps();
        const tasks = [
          stage.start(ends.server, endpoint, serve),
          stage.start(ends.client, endpoint, ask),
        ];
        const isOver = (): boolean =>
          tasks.every(
            (task, i) => task.state === 'done' || both[i]?.guest.domain.isAlive === false,
          );
        yield* stage.until(isOver, PATIENCE_PS);
        if (action === undefined) {
          world.values.set('steps', stage.injector.steps);
          if (ends.server.received !== ROUNDS) world.fail('nobody died, and not all was delivered');
        }
        yield* stage.sleep(10 * MS);
        const died = action !== undefined && stage.injector.timeOf(action.do) !== undefined;
        stage.tell('died', died);
        stage.find('delivered');
        if (died && action.do === 'kill') yield* outlive(action.service, isOver);
        if (died && action.do === 'crash') {
          const survivor = both[1 - action.guest] as Party;
          const task = tasks[both.indexOf(survivor)];
          if (!survivor.guest.domain.isAlive) world.fail('the survivor died, too');
          const waits = task?.state === 'blocked';
          stage.tell('survivorWaits', waits ? (task?.waitingFor ?? '') : 'no');
          stage.find(waits ? 'peer untold' : 'delivered');
          if (stage.zombies.hasZombie) stage.find('zombie');
          if (survivor.closedPs === undefined && survivor.channel !== undefined) {
            yield* stage.have(survivor.guest, 'lets go', survivor.close(), 20_000 * MS);
          }
        }
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

    /** What becomes of the work without a service of dom0, and when that is back. */
    function* outlive(service: Service, isOver: () => boolean): Process {
      const without = isOver();
      if (!without) stage.find('stalled');
      stage.mark('repair');
      const ends = service === 'broker' && (yield* stage.until(isOver, AFTER_REPAIR_PS));
      stage.tell('workEnds', without ? 'without it' : ends ? 'when it is back' : 'never');
      if (service === 'broker' && !ends)
        world.fail('the broker is back, and the work stands still');
    }

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
