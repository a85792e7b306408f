import { exposure } from '../../src/scenario/checkers/isolation.js';
import type { Scenario } from '../../src/scenario/contract.js';
import { grownSince } from '../../src/scenario/faults/holdings.js';
import { judgeStage } from '../../src/scenario/faults/judge-stage.js';
import { Stage } from '../../src/scenario/faults/stage.js';
import { receiverAndSender } from '../../src/scenario/topology.js';

const US = 1e6;
const MS = 1e9;
/** How often the page tables are looked at after the close. */
const LOOK_PS = 10 * US;

/**
 * "One domain's memory is never seen by another": pages of either domain that the other can read or write, as the page
 * tables have it, before, during and after a connection, and how long they stay in reach after their owner has asked for
 * the end.
 */
export const isolation: Scenario = {
  name: 'isolation',
  summary: 'pages of one domain that another can read or write, over the life of a connection',
  version: 1,
  settings: {
    closes: {
      default: 'client',
      meaning: 'who closes first; the other follows when it is told, or after `lateMs`',
      choices: ['client', 'server', 'server-alone'],
    },
    lateMs: {
      default: 1000,
      meaning: 'with server-alone: how long the client does nothing after the server has closed',
      range: [1, 100_000],
    },
  },
  metrics: [
    metric(
      'pagesReadable',
      'pages of the server that the client can read, or the other way, at work',
    ),
    metric('pagesWritable', 'of those, the ones that can be written'),
    metric('pagesReadableBefore', 'the same before the connection'),
    metric('pagesReadableAfterClose', 'the same when the first side has closed and waited'),
    {
      name: 'exposedAfterCloseNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'from the beginning of the first close until no page is in reach of the other side',
    },
  ],
  protocolDetermined: ['pagesReadable', 'pagesWritable', 'pagesReadableBefore'],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096, 65_536],
        messageSizeBytes: [64],
        settings: { closes: ['client', 'server', 'server-alone'] },
      },
    ],
  },
  messages: () => 1,
  topology: receiverAndSender,
  start(world) {
    const { settings } = world.parameters;
    const [server, client] = [world.guest(0), world.guest(1)];
    const alone = settings['closes'] === 'server-alone';
    const stage = new Stage(world, []);
    const ends = stage.pair('1', server, client);
    const endpoint = world.endpoint(1, server, [client]);
    const [first, second] =
      settings['closes'] === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
    let closeFromPs: number | undefined;
    let mayClose = false;
    let mayFollow = false;

    stage.direct(
      (function* () {
        if (!(yield* stage.rehearse(server, client))) return;
        const before = inReach();
        stage.start(first, endpoint, function* (party) {
          yield* party.send();
          yield* party.receive();
          while (!mayClose) yield* party.sleep(MS);
          closeFromPs = party.now;
          yield* party.close();
        });
        stage.start(second, endpoint, function* (party) {
          yield* party.receive();
          yield* party.send();
          if (alone) while (!mayFollow) yield* party.sleep(MS);
          else yield* party.receive();
          yield* party.close();
        });
        world.values.set('pagesReadableBefore', before.readable);
        const talked = yield* stage.until(() => first.received > 0, 1000 * MS);
        if (!talked) return world.fail('the two never talked');
        const atWork = inReach();
        world.values.set('pagesReadable', atWork.readable);
        world.values.set('pagesWritable', atWork.writable);
        world.pagesExposedToPeer = Math.max(
          ends.server.channel?.pagesExposedToPeer() ?? 0,
          ends.client.channel?.pagesExposedToPeer() ?? 0,
        );
        mayClose = true;
        while (closeFromPs === undefined) yield* stage.sleep(LOOK_PS);
        const endPs = stage.now + (alone ? Number(settings['lateMs']) : 1000) * MS;
        let clearPs = inReach().readable === 0 ? stage.now : undefined;
        while (clearPs === undefined && stage.now < endPs) {
          yield* stage.sleep(LOOK_PS);
          if (inReach().readable === 0) clearPs = stage.now;
        }
        const left = inReach().readable;
        world.values.set('pagesReadableAfterClose', left);
        mayFollow = true;
        if (clearPs === undefined) {
          yield* stage.until(() => inReach().readable === 0, 1000 * MS);
          if (inReach().readable === 0) clearPs = stage.now;
        }
        if (clearPs !== undefined) {
          const fromPs = atWork.readable === 0 ? clearPs : (closeFromPs ?? 0);
          world.values.set('exposedAfterCloseNs', (clearPs - fromPs) / 1000);
        }
        yield* stage.until(() => second.closedPs !== undefined, 20_000 * MS);
        yield* stage.until(() => first.closedPs !== undefined, 20_000 * MS);
        const leak = first.channel?.leak ?? second.channel?.leak;
        stage.find(leak !== undefined ? 'leaked' : 'delivered');
        stage.tell('sharesMemory', atWork.readable > 0);
        stage.tell('inReachAfterClose', left > 0);
        const held = grownSince(stage.before, yield* stage.readHoldings());
        stage.tell('stillHeld', leak?.reason ?? held ?? 'nothing');
      })(),
    );

    /** Pages of either that the other reaches. */
    function inReach() {
      const { machine } = world;
      const there = exposure(machine, server.domid, client.domid);
      const back = exposure(machine, client.domid, server.domid);
      return {
        readable: there.readable + back.readable,
        writable: there.writable + back.writable,
      };
    }
  },
  check: (world) =>
    judgeStage(world, {
      cutShort: () => false,
      // Linux ends a grant that is still mapped at its next look, a second later; the model does not look again.
      leaks:
        world.parameters.settings['closes'] === 'client'
          ? undefined
          : 'the server closed while the client had its pages mapped',
    }),
};

function metric(name: string, meaning: string) {
  return { name, unit: '1', better: 'lower' as const, meaning };
}
