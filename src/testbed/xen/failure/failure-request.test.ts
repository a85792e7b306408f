import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FailureRequest, failureCommands } from './failure-request.js';

const OUTAGE: FailureRequest = {
  transport: 'v2v',
  scenario: 'broker-outage',
  parameters: {
    ringSizeBytes: 4096,
    messageSizeBytes: 64,
    guestTypes: ['pvh', 'pvh'],
    settings: { service: 'xenstored', when: 'before', downMs: 500 },
  },
};

describe('the commands of a cell in which something breaks', () => {
  it('call the scenario of dom0 with its settings, times in seconds', () => {
    assert.deepEqual(failureCommands(OUTAGE, 'one').split('\n'), [
      '. /interdom/failure.sh',
      'transport=v2v',
      'ring=4096',
      'message=64',
      'begin_cell one',
      'broker_outage xenstored before 0.5',
      'end_cell',
      '',
    ]);
  });

  it('make one word of a setting of several', () => {
    const settings = { scarce: 'event channels', most: 400 };
    const parameters = { ...OUTAGE.parameters, settings };
    const commands = failureCommands(
      { transport: 'v4v', scenario: 'channel-depletion', parameters },
      'one',
    );
    assert.match(commands, /^channel_depletion event-channels 400$/m);
  });

  it('begin at another moment each time that it is tried, and are the same otherwise', () => {
    const first = failureCommands(OUTAGE, 'one', 0);
    const tries = [0, 1, 2].map((count) => failureCommands(OUTAGE, 'one', count));
    assert.equal(new Set(tries).size, 3);
    for (const commands of tries.slice(1)) {
      assert.match(commands, /^sleep 0\.\d+\n/);
      assert.equal(commands.slice(commands.indexOf('\n') + 1), first);
    }
  });
});
