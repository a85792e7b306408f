import { duplicatedMessages, lostMessages } from '../../src/scenario/checkers/delivery.js';
import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import {
  FRAMES_STUCK,
  noteZombies,
  RECOVERY_NS,
  TOLD_NS,
  ZOMBIE_NS,
} from '../../src/scenario/faults/metrics.js';
import type { Party } from '../../src/scenario/faults/party.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import type { Guest, Process } from '../../src/scenario/process.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const PERIOD_PS = 1 * MS;

/**
 * One side crashes and is started anew, with another domid. The survivor gives up the old connection when it is told, or
 * when it has heard nothing for `timeoutMs`, and connects to the new one. "There is no trivial mechanism to synchronize
 * disconnecting/reconnecting."
 */
export const reconnect: Scenario = {
  name: 'reconnect',
  summary: 'one side crashes and comes back: time until told, until data flows again, what is lost',
  version: 1,
  settings: {
    dies: { default: 'client', meaning: 'which side crashes', choices: ['client', 'server'] },
    bootMs: {
      default: 100,
      meaning: 'from the crash until the new domain runs its program, in milliseconds',
      range: [10, 100_000],
    },
    timeoutMs: {
      default: 1000,
      meaning: 'a survivor that is not told gives up after so long without a message',
      range: [1, 100_000],
    },
  },
  metrics: [
    TOLD_NS,
    RECOVERY_NS,
    {
      name: 'recoveryAfterBootNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'from the moment at which the new domain is there until data flows again',
    },
    {
      name: 'bytesLost',
      unit: 'B',
      better: 'lower',
      meaning: 'bytes taken by the transport that never arrived',
    },
    { name: 'bytesDuplicated', unit: 'B', better: 'lower', meaning: 'bytes that arrived twice' },
    {
      name: 'xenstoreSteps',
      unit: '1',
      better: 'lower',
      meaning: 'operations of xenstored in dom0 from the crash until data flows again',
    },
    ZOMBIE_NS,
    FRAMES_STUCK,
  ],
  protocolDetermined: [],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { dies: ['client', 'server'] },
      },
    ],
  },
  messages: () => 1,
  topology: (parameters) => ({ ...receiverAndSender(parameters), onCrash: 'destroy' }),
  start(world) {
    const { settings, messageSizeBytes } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const dead = settings['dies'] === 'server' ? 0 : 1;
    const timeoutPs = Number(settings['timeoutMs']) * MS;
    const stage = new Stage(world, [
      { action: { do: 'crash', guest: dead }, when: { mark: 'talking' } },
    ]);
    const old = stage.pair('1', server, client);
    let port = 1;
    begin(old, server, client);
    const survivor = dead === 0 ? old.client : old.server;
    stage.direct(
      (function* () {
        const talking = yield* stage.until(() => old.client.received > 10, 1000 * MS);
        if (!talking) return world.fail('the two never talked');
        const before = world.machine.counters.xenstore.operations;
        const crashPs = stage.mark('talking');
        const bootPs = crashPs + Number(settings['bootMs']) * MS;
        // The survivor's watchdog, and meanwhile the new domain boots.
        yield* stage.until(() => survivor.toldPs !== undefined, timeoutPs);
        const { toldPs } = survivor;
        if (toldPs !== undefined) world.values.set('toldNs', (toldPs - crashPs) / 1000);
        stage.tell('survivorLearnsBy', toldPs === undefined ? 'its own time-out' : 'being told');
        stage.find(toldPs === undefined ? 'peer untold' : 'delivered');
        const closed = yield* stage.have(survivor.guest, 'lets go', survivor.close(), 20_000 * MS);
        if (!closed || survivor.channel?.leak !== undefined) stage.find('leaked');
        if (stage.now < bootPs) yield* stage.sleep(bootPs - stage.now);
        const reborn = world.installation.recreate(world.guest(dead));
        const rebornPs = stage.now;
        const guests = dead === 0 ? ([reborn, client] as const) : ([server, reborn] as const);
        const renewed = stage.pair('2', ...guests);
        port++;
        begin(renewed, ...guests);
        const again = yield* stage.until(() => renewed.client.received > 0, 60_000 * MS);
        if (!again) stage.find('stalled');
        stage.tell('dataFlowsAgain', again);
        world.values.set('xenstoreSteps', world.machine.counters.xenstore.operations - before);
        const firstPs = stage.history.firstAfter(crashPs, 'received', renewed.server.incoming);
        if (firstPs !== undefined) {
          world.values.set('recoveryNs', (firstPs - crashPs) / 1000);
          world.values.set('recoveryAfterBootNs', Math.max(0, firstPs - rebornPs) / 1000);
        }
        yield* stage.sleep(100 * MS);
        const flows = [old.server, old.client].map(({ outgoing }) => outgoing);
        const sum = (count: (flow: string) => number): number =>
          flows.reduce((total, flow) => total + count(flow), 0) * messageSizeBytes;
        world.values.set(
          'bytesLost',
          sum((flow) => lostMessages(stage.history, flow)),
        );
        world.values.set(
          'bytesDuplicated',
          sum((flow) => duplicatedMessages(stage.history, flow)),
        );
        noteZombies(world, stage);
        if (stage.zombies.hasZombie) stage.find('zombie');
        yield* stage.readHoldings();
      })(),
    );

    function begin(pair: { server: Party; client: Party }, ofServer: Guest, ofClient: Guest): void {
      const endpoint = world.endpoint(port, ofServer, [ofClient]);
      stage.start(pair.server, endpoint, (party) => party.answerAll());
      stage.start(pair.client, endpoint, (party): Process => party.askEvery(PERIOD_PS));
    }
  },
  check: (world) => judgeStage(world, { leaks: 'the new connection is still open' }),
};
