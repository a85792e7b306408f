import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { httpTransfer } from '../scenarios/http-transfer.js';
import { callProgram } from './cli/in-process.js';
import { compared, metric, runCell, transportNamed } from './failure/cell.js';

describe('http-transfer in the model', () => {
  it('carries each file over a connection of its own, whose pages are all taken back', () => {
    for (const { name } of compared) {
      const cell = runCell(httpTransfer, transportNamed(name), { cwd: tmpdir() });
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

  it('has no program of Xen: that relay is skipped, and refused where nothing else is asked for', async () => {
    const words = 'run http-transfer -t libvchan,v2v --messages 2 --no-harness -o -'.split(' ');
    const both = await callProgram([...words, '--set', 'relay=interdom,vchan-socket-proxy'], {
      cwd: tmpdir(),
    });
    assert.equal(both.code, 0, both.stderr);
    const verdicts = both.stdout.match(/(?<="verdict":")\w+/g);
    assert.deepEqual(verdicts, ['valid', 'valid', 'skipped', 'skipped']);
    const alone = await callProgram([...words, '--set', 'relay=vchan-socket-proxy'], {
      cwd: tmpdir(),
    });
    assert.equal(alone.code, 2);
    assert.match(
      alone.stderr,
      /no selected transport can have this: vchan-socket-proxy is a program of Xen: use --testbed xen\n/,
    );
  });
});
