import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CellParameters } from '../../../scenario/contract.js';
import type { ConsoleMessage } from '../machine/console.js';
import { type FailureRequest, failureCommands } from './failure-request.js';
import { readObserved } from './observed.js';
import { outcomeOf } from './outcomes.js';

/** Lines as real Xen's dom0 wrote them. */
function observed(text: string, ...faults: readonly string[]) {
  const line = (topic: string, one: string): ConsoleMessage => ({
    kind: 'line',
    window: 'x',
    topic,
    text: one.trim(),
  });
  const lines = text.split('\n').filter((one) => one.trim() !== '');
  return readObserved(
    [
      ...lines.map((one) => line('observed', one)),
      ...faults.map((one) => line('fault', one)),
      { kind: 'end', window: 'x' },
    ],
    'x',
  );
}

function request(
  scenario: FailureRequest['scenario'],
  settings: CellParameters['settings'],
  transport: FailureRequest['transport'] = 'libvchan',
): FailureRequest {
  return {
    transport,
    scenario,
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 64,
      guestTypes: ['pvh', 'pvh'],
      settings,
    },
  };
}

const talking = (label: string, name: string, received: number): string =>
  `${label} party ${name} state=talking sent=${received + 1} received=${received} wrong=0 told=0 reason=`;
const domains = (label: string, ...states: readonly string[]): string =>
  states.map((state, i) => `${label} domain ${i + 1} ${state} ports=7`).join('\n');

describe('what dom0 saw', () => {
  const destroyed = [
    talking('before', 'client1', 11),
    domains('before', 'running pages=24592', 'running pages=24592'),
    'destroyed party server1 gone',
    talking('destroyed', 'client1', 38),
    domains('destroyed', 'zombie pages=3', 'running pages=24592'),
    domains('end', 'gone pages=0', 'gone pages=0'),
  ].join('\n');
  const serverFirst = request('destroy-order', { order: 'server-first', observeMs: 10_000 });

  it('is a zombie with so many frames, and nobody told, where a client keeps its server', () => {
    assert.deepEqual(outcomeOf(serverFirst, observed(destroyed)), {
      outcome: {
        finding: 'zombie',
        zombieLeft: true,
        clientTold: false,
        goneWithTheClient: true,
      },
      metrics: {
        framesStuck: {
          value: 3,
          unit: '1',
          better: 'lower',
          assume: 'exact',
          determinedBy: 'protocol',
        },
      },
    });
  });

  it('is worth nothing where something went wrong, was not looked at, or cannot be read', () => {
    const faulty = (text: string, ...faults: readonly string[]): string => {
      const result = outcomeOf(serverFirst, observed(text, ...faults));
      return 'fault' in result ? result.fault : 'no fault';
    };
    assert.equal(faulty(destroyed, 'the client did not crash'), 'the client did not crash');
    assert.match(faulty(destroyed.replace('wrong=0', 'wrong=1')), /received 1 wrong messages/);
    assert.match(faulty(destroyed.replace(/^destroyed/gm, 'other')), /nothing was observed at/);
    assert.match(faulty(destroyed.replace('server1 gone', 'server1 error x')), /is not an end/);
    assert.match(
      faulty(
        destroyed.replace('2 running pages=24592 ports=7\nend', '2 gone pages=0 ports=0\nend'),
      ),
      /the client's domain was gone, not running/,
    );
    const cut = readObserved([], 'x');
    assert.deepEqual(outcomeOf(serverFirst, cut), {
      fault: 'dom0 did not come to the end of it',
    });
  });

  it('is a connection that waits, and comes about when the broker is there again', () => {
    const settings = { service: 'broker', when: 'before', downMs: 500 };
    const waiting = 'state=connecting sent=0 received=0 wrong=0 told=0 reason=';
    const text = [
      talking('before', 'client1', 3),
      `before party client2 ${waiting}`,
      talking('down', 'client1', 152),
      `down party client2 ${waiting}`,
      talking('repaired', 'client1', 181),
      talking('repaired', 'client2', 26),
      talking('end', 'client1', 194),
      talking('end', 'client2', 39),
    ].join('\n');
    const result = outcomeOf(request('broker-outage', settings, 'v2v'), observed(text));
    assert.deepEqual('outcome' in result && result.outcome, {
      finding: 'stalled',
      newConnection: 'waits',
      afterRepair: 'made',
      existingConnection: 'goes on',
    });
  });

  it('is who was told, of the two ends that survive', () => {
    const ends = (label: string, told: number): string =>
      ['client1', 'server2']
        .map(
          (end) =>
            `${label} party ${end} state=closed sent=1 received=1 wrong=0 told=${told} reason=`,
        )
        .join('\n');
    const text = [
      ...['server1', 'client1', 'server2', 'client2'].map((end) => talking('before', end, 5)),
      ends('crashed', 1),
      domains('crashed', 'gone pages=0', 'running pages=24592'),
      domains('closed', 'gone pages=0', 'running pages=24592'),
      domains('end', 'gone pages=0', 'gone pages=0'),
    ].join('\n');
    const asked = request('symmetric-crash', { dies: 'one', observeMs: 5000 }, 'v2v');
    const result = outcomeOf(asked, observed(text));
    assert.deepEqual('outcome' in result && result.outcome, {
      finding: 'delivered',
      endsTold: '2 of 2',
      zombieLeft: false,
      zombieAfterClose: false,
      otherCanBeDestroyed: true,
      zombieAtTheEnd: false,
    });
  });

  it('is how many connections there were, and by what the next was stopped', () => {
    const text = [
      domains('before', 'running pages=24592', 'running pages=24592'),
      'counting domain 1 running pages=24592 ports=92',
      'end crowd 1 ok connections=85 goes_on=1 again=1 scarce=unknown; the other side did not connect',
      'end crowd 2 ok connections=85 goes_on=1 again=1 scarce=maptrack frames; Invalid argument',
    ].join('\n');
    const asked = request('channel-depletion', { scarce: 'maptrack frames', most: 400 });
    const result = outcomeOf(asked, observed(text));
    assert.ok('outcome' in result);
    assert.equal(result.outcome['stoppedBy'], 'maptrack frames');
    assert.equal(result.outcome['closingSomeLetsOthersIn'], true);
    assert.equal(result.metrics['connections']?.value, 85);
    assert.equal(result.metrics['eventChannelsPerConnection']?.value, 1);
  });
});

describe('commands for dom0', () => {
  it('call the scenario with its settings, times in seconds', () => {
    const settings = { service: 'xenstored', when: 'during', downMs: 500 };
    const commands = failureCommands(request('broker-outage', settings), 'x').split('\n');
    assert.ok(commands.includes('broker_outage xenstored during 0.5'));
    const scarce = { scarce: 'event channels', most: 400 };
    const depletion = failureCommands(request('channel-depletion', scarce), 'x');
    assert.match(depletion, /^channel_depletion event-channels 400$/m);
  });
});
