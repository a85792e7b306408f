import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpTransfer } from '../scenarios/http-transfer.js';
import { compared, metric, runCell, transportNamed } from './failure/cell.js';

describe('http-transfer in the model', () => {
  it('carries each file over a connection of its own, whose pages are all taken back', () => {
    for (const { name } of compared) {
      const cell = runCell(httpTransfer, transportNamed(name), {});
      assert.equal(cell.verdict, 'valid', `${name}: ${cell.reason}`);
      const pages = cell.counters?.['grants']?.['mapped'] ?? 0;
      assert.equal(cell.counters?.['grants']?.['unmapped'], pages, name);
      assert.equal(
        metric(cell, 'tlbFlushesPerMessage'),
        pages / Number(cell.parameters['messages']),
      );
      assert.equal(pages > 0, name !== 'v4v', 'Argo grants nothing');
    }
  });

  it('has no program of Xen', () => {
    const cell = runCell(httpTransfer, transportNamed('libvchan'), { relay: 'vchan-socket-proxy' });
    assert.match(cell.reason ?? '', /program of Xen: use --testbed xen/);
  });
});
