import type { DomainLimits, Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import type { Party } from '../../src/scenario/faults/party.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
/** A set-up that takes longer than this does not come about. */
const LONGEST_SETUP_PS = 40_000 * MS;

/** What is scarce: that one limit is small, and all others are raised. */
const SCARCE: Readonly<Record<string, Partial<DomainLimits> | undefined>> = {
  'as delivered': undefined,
  'event channels': { eventChannels: 64, eventAbi: '2-level' },
  // With one frame Linux 6.1 does not boot: gnttab_init fails (seen on real Xen).
  'grant frames': { grantFrames: 2 },
  'maptrack frames': { maptrackFrames: 1 },
};

/**
 * Connections between the same two domains, one after another, until a limit stops them. "V4V obviates the event channel
 * depletion issue": how many go, what stops them, and whether closing some lets others in again.
 */
export const channelDepletion: Scenario = {
  name: 'channel-depletion',
  summary:
    'connections between two domains until a limit stops them: how many, which, what recovers',
  version: 1,
  settings: {
    scarce: {
      default: 'as delivered',
      meaning:
        "Xen's and xenstored's limits as delivered, or one of them small and the rest raised",
      choices: Object.keys(SCARCE),
    },
    most: {
      default: 1200,
      meaning: 'no more connections than this are tried',
      range: [1, 100_000],
    },
  },
  metrics: [
    {
      name: 'connections',
      unit: '1',
      better: 'higher',
      meaning: 'connections between two domains that came about before a limit stopped the next',
    },
    {
      name: 'eventChannelsPerConnection',
      unit: '1',
      better: 'lower',
      meaning: 'event channels of one side that a connection takes',
    },
    {
      name: 'grantsPerConnection',
      unit: '1',
      better: 'lower',
      meaning: 'grant entries that a connection takes',
    },
  ],
  protocolDetermined: ['connections', 'eventChannelsPerConnection', 'grantsPerConnection'],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { scarce: Object.keys(SCARCE), most: [400] },
      },
      {
        ringSizeBytes: [1024],
        messageSizeBytes: [64],
        settings: { scarce: ['event channels'], most: [400] },
      },
    ],
  },
  messages: () => 1,
  topology(parameters) {
    const guestLimits = SCARCE[String(parameters.settings['scarce'])];
    const topology = receiverAndSender(parameters);
    return guestLimits === undefined ? topology : { ...topology, limits: 'raised', guestLimits };
  },
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const stage = new Stage(world, []);
    const open: { server: Party; client: Party }[] = [];
    stage.direct(
      (function* () {
        const portsBefore = server.domain.eventChannels.count;
        const grantsBefore = server.domain.grantTable.grantedCount;
        const most = Number(settings['most']);
        let failed: Party | undefined;
        let isStuck = false;
        while (open.length < most && failed === undefined && !isStuck) {
          ({ failed, isStuck } = yield* oneMore(open.length + 1));
        }
        const connections = open.length;
        world.values.set('connections', connections);
        world.readPortsInUse();
        if (connections > 0) {
          const per = (now: number, before: number): number => (now - before) / connections;
          const { eventChannels, grantTable } = server.domain;
          world.values.set('eventChannelsPerConnection', per(eventChannels.count, portsBefore));
          world.values.set('grantsPerConnection', per(grantTable.grantedCount, grantsBefore));
        }
        stage.tell('stoppedBy', stoppedBy(failed, isStuck));
        if (failed?.failure !== undefined) stage.tell('reason', failed.failure.failed);
        // A limit is no fault of the connections that there are.
        const first = open[0];
        if (first !== undefined) {
          yield* stage.have(first.client.guest, 'still works', first.client.send(), 1000 * MS);
          const arrived = yield* stage.have(
            first.server.guest,
            'hears',
            first.server.receive(),
            1000 * MS,
          );
          stage.tell('existingConnections', arrived ? 'go on' : 'stand still');
          stage.find(arrived ? 'delivered' : 'stalled');
        }
        if (failed !== undefined || isStuck) {
          for (const { client: one, server: other } of open.splice(-Math.ceil(open.length / 2))) {
            yield* stage.have(one.guest, 'closes', one.close(), 20_000 * MS);
            yield* stage.have(other.guest, 'closes', other.close(), 20_000 * MS);
          }
          yield* stage.sleep(100 * MS);
          const again = yield* oneMore(most + 1000);
          const recovers = again.failed === undefined && !again.isStuck;
          stage.tell('closingSomeLetsOthersIn', recovers);
          stage.find(recovers ? 'delivered' : 'leaked');
        }
        yield* stage.readHoldings();
      })(),
    );

    function* oneMore(port: number) {
      const pair = stage.pair(String(port), server, client);
      const endpoint = world.endpoint(port, server, [client]);
      const both = [pair.server, pair.client];
      for (const party of both) stage.start(party, endpoint, function* () {});
      // Where one of them gives up because the other has, the other's failure is still to come.
      const hasFailed = ({ failure }: Party): boolean =>
        failure !== undefined && failure.byPeer !== true;
      const settled = yield* stage.until(
        () => both.some(hasFailed) || both.every(({ connectedPs }) => connectedPs !== undefined),
        LONGEST_SETUP_PS,
      );
      const failed = both.find(hasFailed);
      if (settled && failed === undefined) open.push(pair);
      return { failed, isStuck: !settled };
    }
  },
  check: (world) => judgeStage(world, { leaks: 'connections are still open' }),
};

function stoppedBy(failed: Party | undefined, isStuck: boolean): string {
  if (isStuck) return 'no answer';
  return failed === undefined ? 'nothing' : (failed.failure?.limit ?? 'a failure');
}
