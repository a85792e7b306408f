import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { before, describe, it } from 'node:test';
import type { Cell } from '../src/results/types.js';
import type { XenCellRequest } from '../src/testbed/xen/cells/request.js';
import { pairConfig } from '../src/testbed/xen/machine/machine-config.js';
import { runBatch } from '../src/testbed/xen/machine/run-batch.js';
import { savedMachine } from '../src/testbed/xen/machine/saved-machine.js';
import { equipXen, runXenCells } from '../src/testbed/xen/xen-testbed.js';
import { OPTIONS, SKIP } from './real-xen-here.js';

/** A socket proxy between two real guests. V4V too where INTERDOM_HYPERVISOR names a hypervisor with Argo. */

const HYPERVISOR = process.env['INTERDOM_HYPERVISOR'];
const XEN = {
  ...OPTIONS,
  phases: 1,
  ...(HYPERVISOR === undefined ? {} : { hypervisorFile: HYPERVISOR }),
};
const TRANSPORTS =
  HYPERVISOR === undefined ? (['libvchan', 'v2v'] as const) : (['libvchan', 'v2v', 'v4v'] as const);
const FILE_BYTES = 262_144;
const PAGES_OF_A_CONNECTION = 33; // two rings of 64 KiB and a page that both sides share

function transfer(
  transport: XenCellRequest['transport'],
  parameters: Partial<XenCellRequest['parameters']> = {},
): XenCellRequest {
  return {
    transport,
    scenario: 'http-transfer',
    parameters: {
      ringSizeBytes: 65_536,
      messageSizeBytes: FILE_BYTES,
      messages: 2,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'shared',
      ...parameters,
    },
  };
}

const value = (cell: Cell | undefined, name: string): number => {
  assert.equal(cell?.verdict, 'valid', cell?.reason);
  return cell?.metrics[name]?.value ?? Number.NaN;
};

describe('a socket proxy between two real guests', { skip: SKIP, timeout: 600_000 }, () => {
  let cells: ReadonlyMap<string, Cell> = new Map();
  before(async () => {
    const small = { ringSizeBytes: 1024 };
    const requests = {
      ...Object.fromEntries(TRANSPORTS.map((transport) => [transport, transfer(transport)])),
      ours: transfer('libvchan', small),
      xens: transfer('libvchan', { ...small, relay: 'vchan-socket-proxy' }),
    };
    const run = await runXenCells(Object.values(requests), XEN);
    cells = new Map(Object.keys(requests).map((name, i) => [name, run.cells[i] as Cell]));
  });

  it('carries files by HTTP, whole, and takes all pages of a connection back', () => {
    for (const transport of TRANSPORTS) {
      const cell = cells.get(transport);
      assert.ok(value(cell, 'entriesPerMessage') > 10, 'exits are counted');
      // Argo grants nothing.
      const flushes = transport === 'v4v' ? 0 : PAGES_OF_A_CONNECTION;
      assert.equal(value(cell, 'tlbFlushesPerMessage'), flushes, transport);
      assert.equal(cell?.counters?.['grants']?.['unmappedPages'] ?? 0, 2 * flushes);
    }
  });

  it("asks of Xen about what Xen's own vchan-socket-proxy asks, through rings of the same size", (t) => {
    const xens = cells.get('xens');
    if (xens?.verdict === 'skipped') return t.skip(xens.reason);
    const [ours, theirs] = [cells.get('ours'), xens].map((cell) =>
      value(cell, 'hypercallsPerMessage'),
    ) as [number, number];
    assert.ok(ours < 1.5 * theirs && theirs < 1.5 * ours, `${ours} against ${theirs}`);
  });

  for (const transport of TRANSPORTS) {
    it(`has half-close, resets, refusal and connections side by side over ${transport}`, async () => {
      const { image, provenance } = await equipXen(XEN);
      const config = pairConfig(['pvh', 'pvh'], 'shared');
      const emulatorVersion = provenance.emulator;
      const savedState = await savedMachine({ ...XEN, image, config, emulatorVersion });
      const { messages } = await runBatch({
        image,
        config,
        savedState,
        batch: `probe_proxy probe ${transport} 4096 3\n`,
        temporaryDirectory: tmpdir(),
        timeoutMs: 120_000,
        stallMs: 120_000,
      });
      const said = messages.flatMap((message) =>
        message.kind === 'line' && message.topic === 'reply' ? [message.text] : [],
      );
      assert.deepEqual(said, ['2 ok as TCP']);
    });
  }
});
