import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import {
  FRAMES_STUCK,
  noteZombies,
  TOLD_NS,
  ZOMBIE_NS,
} from '../../src/scenario/faults/metrics.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const LONGEST_SETUP_PS = 10_000 * MS;
/** From the first messages to the crash: the survivor waits by then. */
const CRASH_AFTER_PS = 10 * MS;

/**
 * The only partner of a connection dies while the survivor waits for it: who tells the survivor, and when? It is what the
 * V4V proposal holds against V2V ("you had to hope that you would receive the xenstore watch"), asked of all.
 */
export const untoldSurvivor: Scenario = {
  name: 'untold-survivor',
  summary: 'the only partner of a connection dies: whether the survivor learns of it, and when',
  version: 1,
  settings: {
    dies: { default: 'client', meaning: 'which side crashes', choices: ['client', 'server'] },
    survivor: {
      default: 'reads',
      meaning: 'what the survivor waits for: a message, or room for one',
      choices: ['reads', 'writes'],
    },
    observeMs: {
      default: 10_000,
      meaning: 'how long the survivor is watched after the crash, in milliseconds',
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
        settings: { dies: ['client', 'server'], survivor: ['reads', 'writes'] },
      },
    ],
  },
  messages: () => 1,
  topology: (parameters) => ({ ...receiverAndSender(parameters), onCrash: 'destroy' }),
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const dead = settings['dies'] === 'server' ? 0 : 1;
    const stage = new Stage(world, [
      { action: { do: 'crash', guest: dead }, when: { mark: 'waiting', laterPs: 0 } },
    ]);
    const endpoint = world.endpoint(1, server, [client]);
    const ends = stage.pair('1', server, client);
    const [mortal, survivor] = dead === 0 ? [ends.server, ends.client] : [ends.client, ends.server];
    stage.start(mortal, endpoint, function* (party) {
      // One message each way first: the survivor has seen its peer alive.
      yield* party.send();
      yield* party.receive();
    });
    stage.start(survivor, endpoint, function* (party) {
      yield* party.receive();
      yield* party.send();
      if (settings['survivor'] === 'reads') yield* party.receiveAll();
      else yield* party.flood();
      if (party.toldPs !== undefined) yield* party.close();
    });
    stage.direct(
      (function* () {
        const talked = yield* stage.until(
          () => mortal.received > 0 && survivor.received > 0,
          LONGEST_SETUP_PS,
        );
        if (!talked) return world.fail('the two never talked');
        yield* stage.sleep(CRASH_AFTER_PS);
        const crashPs = stage.mark('waiting');
        const told = yield* stage.until(
          () => survivor.toldPs !== undefined,
          Number(settings['observeMs']) * MS,
        );
        // Who is told lets go, as any program would: give it the time.
        if (told) yield* stage.until(() => survivor.closedPs !== undefined, 20_000 * MS);
        stage.find(told ? 'delivered' : 'peer untold');
        stage.tell('told', told ? 'yes' : 'never');
        if (survivor.toldPs !== undefined) {
          world.values.set('toldNs', (survivor.toldPs - crashPs) / 1000);
        }
        stage.tell('zombieBeforeClose', stage.zombies.hasZombie);
        if (stage.zombies.hasZombie) stage.find('zombie');
        if (!told) {
          // Nobody says so; does it at least learn when it says something itself?
          yield* stage.have(survivor.guest, 'asks', ask(), 1000 * MS);
          stage.tell('learnsByAsking', survivor.toldPs !== undefined);
        }
        const closed =
          survivor.closedPs !== undefined ||
          (!told && (yield* stage.have(survivor.guest, 'closes', survivor.close(), 20_000 * MS)));
        stage.tell('closes', closed);
        const leak = survivor.channel?.leak;
        if (!closed || leak !== undefined) stage.find('leaked');
        if (leak !== undefined) stage.tell('leak', leak.reason);
        yield* stage.sleep(100 * MS);
        stage.tell('zombieAfterClose', stage.zombies.hasZombie);
        noteZombies(world, stage);
        yield* stage.readHoldings();
      })(),
    );

    function* ask() {
      for (let i = 0; i < 3 && survivor.toldPs === undefined; i++) {
        yield* survivor.trySend();
        yield* survivor.sleep(10 * MS);
      }
    }
  },
  check: (world) => judgeStage(world, { leaks: 'one side died' }),
};
