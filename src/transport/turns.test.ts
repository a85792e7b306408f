import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventDevice } from '../xen/event-device.js';
import { AGAIN, PEER_GONE, WOULD_BLOCK } from './contract.js';
import type { Guest } from './guest.js';
import { Turns } from './turns.js';

/** Connections with so many messages each, after which they say how they end; and a device whose ports have fired. */
function served(messages: readonly number[], ending: number = WOULD_BLOCK) {
  const fired: number[] = [];
  const device = { poll: () => fired.shift() ?? -1 } as unknown as EventDevice;
  const turns = new Turns({ isAhead: () => false } as unknown as Guest, device);
  messages.forEach((count, port) => {
    let left = count;
    turns.add({ tryReceive: () => (left-- > 0 ? 64 : ending) }, [port]);
  });
  return { turns, fired };
}

function sources(turns: Turns, count: number): number[] {
  return Array.from({ length: count }, () => {
    assert.equal(turns.tryReceive(0, 64), 64);
    return turns.lastSource;
  });
}

describe('the turns of a server of several connections', () => {
  it('one that never stops sending shuts nobody out, not even one who comes later', () => {
    const { turns, fired } = served([Number.POSITIVE_INFINITY, 3]);
    turns.onEvent(0);
    assert.ok(sources(turns, 10).every((source) => source === 0));
    fired.push(1);
    const next = sources(turns, 40);
    assert.deepEqual(
      [...next.entries()].filter(([, source]) => source === 1).map(([at]) => at),
      [6, 7, 8],
    );
  });

  it('those who have something are served in the order in which they came, and all of it', () => {
    const { turns } = served([2, 1, 2]);
    for (const port of [2, 0, 1, 0]) turns.onEvent(port);
    assert.deepEqual(sources(turns, 5), [2, 2, 0, 0, 1]);
    assert.equal(turns.tryReceive(0, 64), WOULD_BLOCK);
    turns.noteNews(1);
    assert.equal(turns.tryReceive(0, 64), WOULD_BLOCK);
  });

  it('says that the peers are gone when all are, and passes on what else a connection says', () => {
    const { turns } = served([0, 0], PEER_GONE);
    turns.onEvent(0);
    assert.equal(turns.tryReceive(0, 64), WOULD_BLOCK);
    turns.onEvent(1);
    assert.equal(turns.tryReceive(0, 64), PEER_GONE);
    const again = served([0], AGAIN);
    again.turns.onEvent(0);
    assert.equal(again.turns.tryReceive(0, 64), AGAIN);
  });
});
