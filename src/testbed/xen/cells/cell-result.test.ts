import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConsoleMessage, fnv1a, readConsoleLine } from '../machine/console.js';
import { judgedCell } from './cell-result.js';
import type { XenCellRequest } from './request.js';
import { collectWindows, type WindowResult } from './window-results.js';
import { type WindowPlan, windowsOf } from './windows.js';

const REQUEST: XenCellRequest = {
  transport: 'libvchan',
  scenario: 'ping-pong',
  parameters: {
    ringSizeBytes: 4096,
    messageSizeBytes: 64,
    messages: 100,
    guestTypes: ['pvh', 'pvh'],
    grantMode: 'persistent',
    placement: 'shared',
  },
};
const PLANS = windowsOf(0, REQUEST);
const TIME = { vmEntriesPerGuestMs: 0.7, pvEntriesPerGuestMs: 0 };

/** What a machine would say: a send and 4 entries a message, start-up and timer on top. */
function machineOutput(
  plans: readonly WindowPlan[],
  change: (plan: WindowPlan, text: string) => string,
) {
  const messages: ConsoleMessage[] = [];
  const counts: string[] = [];
  plans.forEach((plan, i) => {
    const timers = plan.messages / 10;
    const entries = 30 + plan.messages * 4 + timers;
    const say = (text: string): void => {
      const message = readConsoleLine(text);
      if (message !== undefined) messages.push(message);
    };
    const emit = (topic: string, text: string): void => {
      const line = `${plan.id} ${topic} ${change(plan, text)}`;
      say(`@interdom ${fnv1a(line)} ${line}`);
    };
    say(`@interdom-begin ${plan.id}`);
    emit('reply', `1 ok messages=${plan.messages} wrong=0 ring=4096`);
    emit(
      'reply',
      `2 ok messages=${plan.messages} wrong=0 ring=4096 ns=5 tsc=${plan.messages * 1000}`,
    );
    if (plan.traced) {
      emit('trace', `window 2 5 ${plan.messages * 1000} 0`);
      emit('trace', `count 2 81001 - ${entries}`);
      emit('trace', `count 2 81002 78 ${plan.messages}`);
    }
    say(`@interdom-end ${plan.id}`);
    counts.push(
      `window ${i + 1}\ninstructions xen 1000\ninstructions kernel 0\ninstructions user 0`,
      `privileged xen vmrun ${entries}\nfunction evtchn_send ${plan.messages}`,
      `function do_vcpu_op ${timers}\nend\n`,
    );
  });
  return { messages, counts: counts.join('\n') };
}

function judged(change: (plan: WindowPlan, text: string) => string = (_, text) => text) {
  const output = machineOutput(PLANS, change);
  const windows = collectWindows(output.messages, output.counts);
  const results = PLANS.map(({ id }) => windows.get(id)) as WindowResult[];
  return judgedCell(REQUEST, PLANS, results, TIME);
}

describe('judgedCell', () => {
  it('takes start-up and timer off what a message costs', () => {
    const cell = judged();
    assert.equal(cell.verdict, 'valid');
    assert.equal(cell.metrics['hypercallsPerMessage']?.value, 1);
    assert.equal(cell.metrics['hypercallsPerMessage']?.assume, 'exact');
    assert.equal(cell.metrics['vmexitsPerMessage']?.value, 4);
    assert.ok(Math.abs((cell.metrics['entriesWithTimePerMessage']?.value ?? 0) - 4.1) < 1e-9);
    assert.equal(cell.counters?.hypercalls['evtchn_send'], 100);
    assert.equal(cell.counters?.entries['hlt'], 100);
    assert.equal(cell.effective['ringSizeBytes'], 4096);
  });

  it('is invalid where a message arrived wrong', () => {
    const cell = judged((_, text) => text.replace('wrong=0 ring=4096 ns', 'wrong=1 ring=4096 ns'));
    assert.equal(cell.verdict, 'invalid');
    assert.match(cell.reason ?? '', /8 messages did not arrive/);
    assert.deepEqual(cell.metrics, {});
  });

  it('is invalid where the two ways of counting disagree', () => {
    const cell = judged((_, text) => text.replace(/^count 2 81001 - .*/, 'count 2 81001 - 5'));
    assert.equal(cell.verdict, 'invalid');
    assert.match(cell.reason ?? '', /xentrace saw 5 VM entries/);
  });

  it('is unknown where a guest failed or records were lost', () => {
    const failed = judged((_, text) => text.replace(/^1 ok.*/, '1 error no memory'));
    assert.equal(failed.verdict, 'unknown');
    assert.equal(failed.reason, 'domain 1: no memory');
    const lost = judged((_, text) => text.replace(/^(window .*) 0$/, '$1 12'));
    assert.match(lost.reason ?? '', /lost 12 records/);
  });
});

describe('collectWindows', () => {
  it('leaves out a window that did not end', () => {
    const output = machineOutput(PLANS.slice(0, 2), (_, text) => text);
    const windows = collectWindows(output.messages.slice(0, -1), output.counts);
    assert.deepEqual([...windows.keys()], [PLANS[0]?.id]);
  });
});
