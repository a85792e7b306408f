import type { Scenario } from '../../src/scenario/contract.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import type { Party } from '../../src/scenario/faults/party.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const MS = 1e9;
const LONGEST_PS = 60_000 * MS;

/**
 * Many programs of two domains set their connections up at the same time, against xenstored's quotas and the broker. More
 * than some twenty at once are known to fail with libvchan in practice. Who is refused tries again when the storm is over.
 */
export const setupStorm: Scenario = {
  name: 'setup-storm',
  summary: 'many set-ups at once between two domains, against quotas and broker',
  version: 1,
  settings: {
    parallel: { default: 25, meaning: 'set-ups that begin at once', range: [1, 1000] },
  },
  metrics: [
    {
      name: 'connections',
      unit: '1',
      better: 'higher',
      meaning: 'set-ups that came about at once',
    },
    { name: 'refused', unit: '1', better: 'lower', meaning: 'set-ups that a limit refused' },
    {
      name: 'stuck',
      unit: '1',
      better: 'lower',
      meaning: 'set-ups that wait for a side that was refused',
    },
    {
      name: 'stormNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'from the beginning until the last set-up that comes about has',
    },
  ],
  protocolDetermined: [],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      { ringSizeBytes: [4096], messageSizeBytes: [64], settings: { parallel: [1, 8, 25, 60] } },
    ],
  },
  messages: () => 1,
  topology: receiverAndSender,
  start(world) {
    const parallel = Number(world.parameters.settings['parallel']);
    const [server, client] = [world.guest(0), world.guest(1)];
    const stage = new Stage(world, []);
    stage.direct(
      (function* () {
        const fromPs = stage.now;
        for (let port = 1; port <= parallel; port++) {
          const pair = stage.pair(String(port), server, client);
          const endpoint = world.endpoint(port, server, [client]);
          stage.start(pair.server, endpoint, function* () {});
          stage.start(pair.client, endpoint, function* (party) {
            world.latency((party.connectedPs ?? fromPs) - fromPs);
          });
        }
        const clients = stage.parties.filter(({ role }) => role === 'client');
        const servers = stage.parties.filter(({ role }) => role === 'server');
        const isSettled = (i: number): boolean => {
          const [one, other] = [clients[i], servers[i]];
          return (
            one?.failure !== undefined ||
            other?.failure !== undefined ||
            (one?.connectedPs !== undefined && other?.connectedPs !== undefined)
          );
        };
        yield* stage.until(() => clients.every((_, i) => isSettled(i)), LONGEST_PS);
        const made = clients.filter((one, i) => one.connectedPs !== undefined && isSettled(i));
        const refused = stage.parties.filter(
          ({ failure }) => failure !== undefined && failure.byPeer !== true,
        );
        world.values.set('connections', made.length);
        world.values.set('refused', refused.length);
        world.values.set(
          'stuck',
          parallel - made.length - clients.filter(({ failure }) => failure).length,
        );
        const lastPs = Math.max(fromPs, ...made.map(({ connectedPs }) => connectedPs ?? 0));
        world.values.set('stormNs', (lastPs - fromPs) / 1000);
        stage.tell('stoppedBy', stoppedBy(refused[0]));
        if (refused[0]?.failure !== undefined) stage.tell('reason', refused[0].failure.failed);
        stage.find(made.length === parallel ? 'delivered' : 'stalled');
        // When the storm is over: does a fresh set-up go?
        const late = stage.pair('late', server, client);
        const endpoint = world.endpoint(2000, server, [client]);
        stage.start(late.server, endpoint, (party) => party.answerAll());
        stage.start(late.client, endpoint, function* (party) {
          yield* party.send();
          yield* party.receive();
        });
        const recovers = yield* stage.until(() => late.client.received > 0, 40_000 * MS);
        stage.tell(
          'aSetUpAfterwards',
          recovers ? 'made' : (late.server.failure?.limit ?? 'not made'),
        );
        yield* stage.readHoldings();
      })(),
    );

    /** xenstored says ENOSPC for two quotas: where the domain has nodes left it was the other one. */
    function stoppedBy(refused: Party | undefined): string {
      if (refused === undefined) return 'nothing';
      const limit = refused.failure?.limit ?? 'a failure';
      if (limit !== 'xenstore nodes') return limit;
      const { store } = world.installation.xenstored;
      const nodes = store.usage(refused.guest.domid)?.nodes ?? 0;
      return nodes < store.quotas.nodesPerDomain / 2 ? 'xenstore transactions' : limit;
    }
  },
  check(world) {
    // Where even the late set-up was refused nothing was sent, and delivery is not the question.
    const verdict = judgeStage(world, { leaks: 'connections are still open' });
    return verdict.verdict === 'unknown' && world.outcome['aSetUpAfterwards'] !== 'made'
      ? { verdict: 'valid' }
      : verdict;
  },
};
