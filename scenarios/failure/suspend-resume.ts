import { longestGap } from '../../src/scenario/checkers/progress.js';
import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { RECOVERY_NS } from '../../src/scenario/faults/metrics.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const PERIOD_PS = 2 * MS;

/**
 * A domain suspends itself and is resumed: which connections survive? `in-place` is a checkpoint: the same domain goes
 * on. `restore` is a new domain with another domid: grants, event channels and rings of the old one are gone with it,
 * whatever its programs believe, and they connect anew. A driver that would keep its connections over that is not
 * modelled: none of the three that are published does.
 */
export const suspendResume: Scenario = {
  name: 'suspend-resume',
  summary: 'a domain is suspended and goes on, in place or as a new one: which connections survive',
  version: 1,
  settings: {
    who: { default: 'client', meaning: 'which side is suspended', choices: ['client', 'server'] },
    how: {
      default: 'in-place',
      meaning: 'the same domain goes on, or a new one takes its place',
      choices: ['in-place', 'restore'],
    },
    suspendedMs: {
      default: 500,
      meaning: 'how long it is suspended, in milliseconds',
      range: [1, 100_000],
    },
  },
  metrics: [RECOVERY_NS],
  protocolDetermined: [],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { who: ['client', 'server'], how: ['in-place', 'restore'] },
      },
    ],
  },
  messages: () => 1,
  topology: receiverAndSender,
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const guest = settings['who'] === 'server' ? 0 : 1;
    const inPlace = settings['how'] === 'in-place';
    const stage = new Stage(world, [
      { action: { do: 'suspend', guest }, when: { mark: 'talking' } },
      { action: { do: inPlace ? 'resume' : 'destroy', guest }, when: { mark: 'resume' } },
    ]);
    const old = stage.pair('1', server, client);
    const endpoint = world.endpoint(1, server, [client]);
    stage.start(old.server, endpoint, (party) => party.answerAll());
    stage.start(old.client, endpoint, (party) => party.askEvery(PERIOD_PS));
    stage.direct(
      (function* () {
        const talking = yield* stage.until(() => old.client.received > 3, 1000 * MS);
        if (!talking) return world.fail('the two never talked');
        const fromPs = stage.mark('talking');
        yield* stage.sleep(Number(settings['suspendedMs']) * MS);
        const resumePs = stage.mark('resume');
        const flow = old.client.incoming;
        yield* stage.sleep(1000 * MS);
        const goesOnPs = stage.history.firstAfter(resumePs, 'received', flow);
        stage.tell('connection', goesOnPs === undefined ? 'gone' : 'goes on');
        stage.tell(
          'longestGapMs',
          Math.round(longestGap(stage.history, { flow, fromPs, toPs: stage.now }) / MS),
        );
        if (goesOnPs !== undefined) world.values.set('recoveryNs', (goesOnPs - resumePs) / 1000);
        if (inPlace) stage.find(goesOnPs === undefined ? 'stalled' : 'delivered');
        else {
          // Nothing else to be done by the survivor: it lets go, and the restored program connects anew.
          const survivor = guest === 0 ? old.client : old.server;
          stage.tell('survivorTold', survivor.toldPs !== undefined);
          if (survivor.toldPs === undefined) stage.find('peer untold');
          yield* stage.have(survivor.guest, 'lets go', survivor.close(), 20_000 * MS);
          const restored = world.installation.recreate(world.guest(guest));
          const againPs = stage.now;
          const guests =
            guest === 0 ? ([restored, client] as const) : ([server, restored] as const);
          const renewed = stage.pair('2', ...guests);
          const second = world.endpoint(2, guests[0], [guests[1]]);
          stage.start(renewed.server, second, (party) => party.answerAll());
          stage.start(renewed.client, second, (party) => party.askEvery(PERIOD_PS));
          const again = yield* stage.until(() => renewed.client.received > 0, 10_000 * MS);
          const firstPs = stage.history.firstAfter(againPs, 'received', renewed.server.incoming);
          if (firstPs !== undefined) world.values.set('recoveryNs', (firstPs - againPs) / 1000);
          stage.tell('newConnection', again ? 'made' : 'not made');
          stage.find(again ? 'delivered' : 'stalled');
        }
        yield* stage.readHoldings();
      })(),
    );
  },
  check: (world) => judgeStage(world, { leaks: 'connections are still open' }),
};
