import { checkProgress } from '../../src/scenario/checkers/progress.js';
import type { Scenario } from '../../src/scenario/contract.js';
import type { Fault, FaultMoment } from '../../src/scenario/faults/fault-plan.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { RECOVERY_NS } from '../../src/scenario/faults/metrics.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const US = 1e6;
const MS = 1e9;
const PERIOD_PS = 5 * MS;
/** A connection on which nothing arrives for so long stands still. */
const LONGEST_GAP_PS = 50 * MS;
/** Longer than any transport waits for its broker. */
const LONGEST_SETUP_PS = 120_000 * MS;

/**
 * "The code to do this setup was a single point of failure. If the broker was down you could not create any more
 * connections." One connection is up and busy; a service of dom0 dies before, during or after the set-up of a second one.
 * The service is the transport's own broker, or xenstored, on which others depend in the same way. Where the transport
 * uses neither, the fault happens all the same and must not matter.
 */
export const brokerOutage: Scenario = {
  name: 'broker-outage',
  summary: 'a service of dom0 dies around a set-up: new connections, existing ones, recovery',
  version: 1,
  settings: {
    service: {
      default: 'broker',
      meaning: "what dies: the transport's broker in dom0, if it has one, or xenstored",
      choices: ['broker', 'xenstored'],
    },
    when: {
      default: 'before',
      meaning: 'when it dies, seen from the set-up of the second connection',
      choices: ['before', 'during', 'after'],
    },
    downMs: {
      default: 500,
      meaning: 'after how long the broker is started again, in milliseconds; 0: never',
      range: [0, 100_000],
    },
  },
  metrics: [
    RECOVERY_NS,
    {
      name: 'setupNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'time to set the second connection up; absent where it never came about',
    },
    {
      name: 'setupBeforeNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'time to set the first connection up, when nothing was wrong',
    },
    {
      name: 'gaveUpNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'time after which the side that connects gave up; absent where it did not',
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
        settings: { when: ['before', 'during', 'after'], downMs: [500] },
      },
      { ringSizeBytes: [4096], messageSizeBytes: [64], settings: { downMs: [0] } },
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { service: ['xenstored'], when: ['before', 'during', 'after'], downMs: [0] },
      },
    ],
  },
  messages: () => 1,
  skipReason: (_driver, { settings }) =>
    settings['service'] === 'xenstored' && settings['downMs'] !== 0
      ? 'xenstored cannot be started again: its tree is lost (give downMs=0)'
      : undefined,
  topology: receiverAndSender,
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const service = settings['service'] === 'xenstored' ? 'xenstored' : 'broker';
    const downPs = Number(settings['downMs']) * MS;
    const kill: Fault = {
      action: { do: 'kill', service },
      when: momentOf(String(settings['when']), world.driver.capabilities.usesXenstore),
    };
    const stage = new Stage(world, [
      kill,
      { action: { do: 'restart', service }, when: { mark: 'repair' } },
    ]);
    const first = stage.pair('1', server, client);
    const second = stage.pair('2', server, client);
    const endpoints = [
      world.endpoint(1, server, [client]),
      world.endpoint(2, server, [client]),
    ] as const;
    stage.start(first.server, endpoints[0], (party) => party.answerAll());
    stage.start(first.client, endpoints[0], (party) => party.askEvery(PERIOD_PS));
    stage.direct(
      (function* () {
        const talking = yield* stage.until(() => first.client.received > 3, 1000 * MS);
        if (!talking) return world.fail('the first connection never came about');
        world.values.set('setupBeforeNs', (first.client.connectedPs ?? 0) / 1000);
        stage.mark('before');
        yield* stage.sleep(1 * MS);
        const fromPs = stage.mark('second set-up');
        stage.start(second.server, endpoints[1], (party) => party.answerAll());
        stage.start(second.client, endpoints[1], (party) => party.askEvery(PERIOD_PS));
        const connected = (): boolean => second.client.received > 0;
        const settled = (): boolean => connected() || second.client.failure !== undefined;
        // The first phase: the service is down, unless it dies after the set-up.
        yield* stage.until(settled, downPs > 0 ? downPs : LONGEST_SETUP_PS);
        const withoutIt = connected();
        stage.tell(
          'newConnection',
          settings['when'] === 'after'
            ? 'made before'
            : withoutIt
              ? 'made'
              : second.client.failure === undefined
                ? 'waits'
                : 'refused',
        );
        if (!withoutIt) stage.find('stalled');
        stage.mark('after');
        yield* stage.sleep(10 * MS);
        stage.tell('died', stage.injector.timeOf('kill') !== undefined);
        stage.tell(
          'dependsOnIt',
          service === 'broker'
            ? world.driver.broker !== undefined
            : world.driver.capabilities.usesXenstore,
        );
        if (downPs > 0) {
          const repairPs = stage.mark('repair');
          yield* stage.until(settled, LONGEST_SETUP_PS);
          const recovered = connected();
          stage.tell('afterRepair', recovered ? 'made' : 'not made');
          if (recovered) {
            const alivePs = second.client.connectedPs ?? repairPs;
            world.values.set('recoveryNs', Math.max(0, alivePs - repairPs) / 1000);
          }
        }
        if (second.client.connectedPs !== undefined) {
          world.values.set('setupNs', (second.client.connectedPs - fromPs) / 1000);
        }
        if (second.client.failure !== undefined) {
          stage.tell('reason', second.client.failure.failed);
          const gaveUpPs = stage.history.firstAfter(fromPs, 'refused');
          if (gaveUpPs !== undefined) world.values.set('gaveUpNs', (gaveUpPs - fromPs) / 1000);
        }
        // What was connected before goes on, whoever is dead.
        yield* stage.sleep(50 * MS);
        const flow = first.client.incoming;
        const window = { flow, fromPs, toPs: stage.now, longestGapPs: LONGEST_GAP_PS };
        const goesOn = checkProgress(stage.history, [window]).verdict === 'valid';
        stage.tell('existingConnection', goesOn ? 'goes on' : 'stands still');
        stage.find(goesOn ? 'delivered' : 'stalled');
        yield* stage.readHoldings();
      })(),
    );
  },
  check: (world) => judgeStage(world, { leaks: 'the connections are still open' }),
};

function momentOf(when: string, usesXenstore: boolean): FaultMoment {
  if (when !== 'during') return { mark: when };
  // In the middle of the set-up: some of its requests are answered, more must follow.
  if (usesXenstore) return { step: 'xenstore', nth: 5, mark: 'second set-up' };
  return { mark: 'second set-up', laterPs: 20 * US };
}
