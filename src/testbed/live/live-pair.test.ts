import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE } from '../../cli/catalogue.js';
import { SKYLAKE_2017 } from '../../profiles/data/skylake-2017.js';
import { LiveFailure, LivePair, type LivePairData } from './live-pair.js';

const SCRIPT = new URL('../../cli/live/live-worker.js', import.meta.url);
const FRAMES = 16 << 20;

function data(transport: string, changes: Partial<LivePairData> = {}): LivePairData {
  const scenario = CATALOGUE.scenarios.find(({ name }) => name === 'stream');
  return {
    clockBaseNs: String(process.hrtime.bigint()),
    manner: { inject: 'none', stressSeed: 5 },
    profile: SKYLAKE_2017,
    transport,
    scenario: 'stream',
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 1000,
      messages: 300,
      guestTypes: ['pvh', 'pv'],
      grantMode: 'persistent',
      placement: 'own',
      seed: 1,
      settings: Object.fromEntries(
        Object.entries(scenario?.settings ?? {}).map(([name, setting]) => [name, setting.default]),
      ),
    },
    transportOptions: {},
    ...changes,
  };
}

describe('a live pair', () => {
  it('moves every byte, by each transport, however its threads are disturbed', async () => {
    await Promise.all(
      ['v4v', 'libvchan', 'v2v'].map(async (transport) => {
        const pair = await LivePair.start(SCRIPT, data(transport), FRAMES, 20_000);
        try {
          for (const spinTurns of [0, 2000]) {
            const reports = await pair.round({ messages: 300, spinTurns, isThorough: true });
            // The receiver checks each message; a wrong or missing one ends the round with a failure.
            assert.equal(
              reports.reduce((sum, { bytes }) => sum + bytes, 0),
              300_000,
            );
            const [from, to] = [
              Math.max(...reports.map(({ fromPs }) => fromPs)),
              Math.max(...reports.map(({ toPs }) => toPs)),
            ];
            assert.ok(to > from && from > 0, `${from} to ${to}`);
          }
        } finally {
          await pair.end();
        }
      }),
    );
  });

  it('that hangs is ended, and the reason names its domains and their last steps', async () => {
    const pair = await LivePair.start(SCRIPT, data('libvchan'), FRAMES, 20_000);
    // No round can be so quick.
    Object.defineProperty(pair, 'patienceMs', { value: 1 });
    await assert.rejects(
      pair.round({ messages: 1_000_000, spinTurns: 0, isThorough: false }),
      (error) => {
        assert.ok(error instanceof LiveFailure);
        assert.match(error.message, /no end within .*dom1 .*last step .*dom2 .*last step/);
        return true;
      },
    );
    await assert.rejects(pair.round({ messages: 1, spinTurns: 0, isThorough: true }), LiveFailure);
  });

  it('that is ended says so to whoever waits for a round', async () => {
    const pair = await LivePair.start(SCRIPT, data('libvchan'), FRAMES, 20_000);
    const round = assert.rejects(
      pair.round({ messages: 1_000_000, spinTurns: 0, isThorough: false }),
      /ended/,
    );
    await pair.end();
    await round;
  });

  it('whose thread dies says whose, and with what', async () => {
    const dies = new URL('data:text/javascript,setTimeout(() => process.exit(3), 10)');
    await assert.rejects(
      LivePair.start(dies, data('v4v'), FRAMES, 20_000),
      /dom[12] .* ended by itself \(exit code 3\)/,
    );
  });

  it('whose ends cannot be connected says why', async () => {
    const tooLarge = data('libvchan');
    const parameters = { ...tooLarge.parameters, ringSizeBytes: 1 << 24 };
    const start = LivePair.start(SCRIPT, { ...tooLarge, parameters }, FRAMES, 20_000);
    // Should it stand after all, it must not outlive the test.
    start.then(
      (pair) => pair.end(),
      () => {},
    );
    await assert.rejects(start, LiveFailure);
  });
});
