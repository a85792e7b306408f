import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokerOutage } from '../../scenarios/failure/broker-outage.js';
import { channelDepletion } from '../../scenarios/failure/channel-depletion.js';
import { destroyOrder } from '../../scenarios/failure/destroy-order.js';
import { hostilePeer } from '../../scenarios/failure/hostile-peer.js';
import { isolation } from '../../scenarios/failure/isolation.js';
import { noisyNeighbour } from '../../scenarios/failure/noisy-neighbour.js';
import { oneToMany } from '../../scenarios/failure/one-to-many.js';
import { reconnect } from '../../scenarios/failure/reconnect.js';
import { setupStorm } from '../../scenarios/failure/setup-storm.js';
import { suspendResume } from '../../scenarios/failure/suspend-resume.js';
import { symmetricCrash } from '../../scenarios/failure/symmetric-crash.js';
import { untoldSurvivor } from '../../scenarios/failure/untold-survivor.js';
import type { SettingValue } from '../../src/base/setting.js';
import type { Cell } from '../../src/results/types.js';
import type { Scenario } from '../../src/scenario/contract.js';
import { compared, metric, runCell, transportNamed } from './cell.js';

/** What is known of each transport from its sources (docs/failure.md), found again by the scenarios. */

type Settings = Readonly<Record<string, SettingValue>>;

function valid(scenario: Scenario, transport: string, settings: Settings = {}): Cell {
  const cell = runCell(scenario, transportNamed(transport), settings);
  assert.equal(cell.verdict, 'valid', `${transport}: ${cell.reason}`);
  return cell;
}

/** The named fields of the outcome of each transport. */
function outcomes(scenario: Scenario, settings: Settings, ...names: readonly string[]) {
  return Object.fromEntries(
    compared.map(({ name }) => {
      const { outcome } = valid(scenario, name, settings);
      return [name, names.map((field) => outcome?.[field])];
    }),
  );
}

describe('a service of dom0 dies', () => {
  it('without the broker V2V alone makes no new connection; the old ones go on', () => {
    assert.deepEqual(
      outcomes(brokerOutage, { downMs: 200 }, 'newConnection', 'existingConnection', 'afterRepair'),
      {
        v4v: ['made', 'goes on', 'made'],
        libvchan: ['made', 'goes on', 'made'],
        v2v: ['waits', 'goes on', 'made'],
      },
    );
  });

  it('without xenstored V4V alone makes new connections', () => {
    const settings = { service: 'xenstored', downMs: 0 };
    assert.deepEqual(outcomes(brokerOutage, settings, 'newConnection', 'existingConnection'), {
      v4v: ['made', 'goes on'],
      libvchan: ['waits', 'goes on'],
      v2v: ['waits', 'goes on'],
    });
  });
});

describe('a domain dies', () => {
  it('a libvchan client keeps its dead server a zombie; V2V is told and lets go; V4V holds nothing', () => {
    assert.deepEqual(
      outcomes(untoldSurvivor, { dies: 'server' }, 'told', 'zombieBeforeClose', 'zombieAfterClose'),
      {
        v4v: ['never', false, false],
        libvchan: ['never', true, false],
        v2v: ['yes', false, false],
      },
    );
  });

  it('a V4V survivor that waits is not told, and learns when it sends', () => {
    const { outcome } = valid(untoldSurvivor, 'v4v', { dies: 'client' });
    assert.deepEqual([outcome?.['told'], outcome?.['learnsByAsking']], ['never', true]);
  });

  it('whoever serves whom: the other one can be destroyed, and nothing is left', () => {
    assert.deepEqual(
      outcomes(symmetricCrash, {}, 'zombieLeft', 'otherCanBeDestroyed', 'zombieAtTheEnd'),
      {
        v4v: [false, true, false],
        libvchan: [true, true, false],
        v2v: [false, true, false],
      },
    );
  });

  it('a client that hangs keeps a server that shares memory a zombie', () => {
    assert.deepEqual(
      outcomes(
        destroyOrder,
        { order: 'client-hung', observeMs: 1000 },
        'finding',
        'goneWithTheClient',
      ),
      {
        v4v: ['delivered', true],
        libvchan: ['zombie', true],
        v2v: ['zombie', true],
      },
    );
    for (const { name } of compared) {
      const { outcome } = valid(destroyOrder, name, { order: 'client-first', observeMs: 1000 });
      assert.equal(outcome?.['zombieLeft'], false, name);
    }
  });

  it('comes back, and data flows again', () => {
    for (const { name } of compared) {
      const cell = valid(reconnect, name);
      assert.equal(cell.outcome?.['dataFlowsAgain'], true, name);
      assert.equal(metric(cell, 'bytesDuplicated'), 0, name);
    }
    const told = metric(valid(reconnect, 'v2v'), 'toldNs');
    assert.ok(told !== undefined && told < 10e6, `V2V is told after ${told} ns`);
  });

  it('is suspended and goes on', () => {
    for (const { name } of compared) {
      assert.equal(valid(suspendResume, name).outcome?.['connection'], 'goes on', name);
    }
  });
});

describe('isolation', () => {
  it('V4V shows no page, libvchan all of its pages, V2V those of one direction for reading only', () => {
    const pages = compared.map(({ name }) => {
      const cell = valid(isolation, name);
      return [name, metric(cell, 'pagesReadable'), metric(cell, 'pagesWritable')];
    });
    assert.deepEqual(pages, [
      ['v4v', 0, 0],
      ['libvchan', 3, 3],
      ['v2v', 3, 2],
    ]);
  });

  it('a server cannot take back what a client does not let go', () => {
    const late = { closes: 'server-alone', lateMs: 50 };
    for (const name of ['libvchan', 'v2v']) {
      const exposed = metric(valid(isolation, name, late), 'exposedAfterCloseNs') ?? 0;
      assert.ok(exposed >= 50e6, `${name}: ${exposed} ns`);
    }
    assert.equal(metric(valid(isolation, 'v4v', late), 'exposedAfterCloseNs'), 0);
  });

  for (const [phase, messages] of [
    ['transfer', 700],
    ['setup', 100],
    ['teardown', 40],
  ] as const) {
    it(`no hostile state gets out of the ring or stops the victim: ${phase}`, () => {
      for (const attacker of ['client', 'server']) {
        for (const transport of compared) {
          const settings = { attacker, phase };
          const cell = runCell(hostilePeer, transport, settings, { messages, seed: 3 });
          assert.equal(cell.verdict, 'valid', cell.reason);
          assert.equal(metric(cell, 'hostileStates'), messages);
          assert.equal(metric(cell, 'statesEscaped'), 0);
          assert.equal(metric(cell, 'statesVictimStopped'), 0);
          assert.equal(cell.outcome?.['bystander'], 'goes on');
        }
      }
    });
  }
});

describe('limits', () => {
  it('event channels stop the two that take some for each connection, and not V4V', () => {
    const scarce = { scarce: 'event channels', most: 150 };
    assert.deepEqual(outcomes(channelDepletion, scarce, 'stoppedBy', 'closingSomeLetsOthersIn'), {
      v4v: ['rings a domain', true],
      libvchan: ['event channels', true],
      v2v: ['event channels', true],
    });
    assert.deepEqual(
      compared.map(({ name }) => metric(valid(channelDepletion, name, scarce), 'connections')),
      [128, 58, 29],
    );
  });

  it('more than some twenty libvchan set-ups at once fail, as in practice', () => {
    const { outcome } = valid(setupStorm, 'libvchan', { parallel: 25 });
    assert.equal(outcome?.['stoppedBy'], 'xenstore transactions');
    assert.equal(outcome?.['aSetUpAfterwards'], 'made');
    assert.equal(valid(setupStorm, 'v4v', { parallel: 60 }).outcome?.['finding'], 'delivered');
  });

  it('one V4V ring and one event channel serve many clients', () => {
    const v4v = valid(oneToMany, 'v4v', { clients: 50 });
    const vchan = valid(oneToMany, 'libvchan', { clients: 50 });
    assert.deepEqual(
      [metric(v4v, 'serverEventChannels'), metric(vchan, 'serverEventChannels')],
      [1, 50],
    );
    assert.ok((metric(v4v, 'serverFrames') ?? 99) < 10);
    assert.equal(metric(vchan, 'serverFrames'), 150);
  });
});

describe('neighbours', () => {
  it('a dying domain stops V4V traffic by its global lock, and nobody else’s', () => {
    const slowed = (name: string): number => {
      const quiet = metric(valid(noisyNeighbour, name), 'latencyNsP99') ?? 0;
      return (
        (metric(valid(noisyNeighbour, name, { noise: 'destroy' }), 'latencyNsP99') ?? 0) / quiet
      );
    };
    assert.ok(slowed('v4v') > 5);
    assert.ok(slowed('libvchan') < 1.5);
  });
});
