import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { UserError } from '../src/base/errors.js';
import { parseResults } from '../src/results/schema.js';
import type { Cell } from '../src/results/types.js';
import type { XenCellParameters, XenCellRequest } from '../src/testbed/xen/cells/request.js';
import { collectWindows } from '../src/testbed/xen/cells/window-results.js';
import { MachineFailure } from '../src/testbed/xen/machine/emulator.js';
import { pairConfig } from '../src/testbed/xen/machine/machine-config.js';
import { type BatchOutput, runBatch } from '../src/testbed/xen/machine/run-batch.js';
import { savedMachine } from '../src/testbed/xen/machine/saved-machine.js';
import { traceOnXen } from '../src/testbed/xen/trace-run.js';
import { equipXen, runXenCells } from '../src/testbed/xen/xen-testbed.js';
import { OPTIONS, ROOT, SKIP } from './real-xen-here.js';

/** Boots real Xen: a minute or two for each kind of machine, once; seconds when the cache is warm. */

function request(
  transport: XenCellRequest['transport'],
  scenario: XenCellRequest['scenario'],
  parameters: Partial<XenCellParameters> = {},
): XenCellRequest {
  return {
    transport,
    scenario,
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 64,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'shared',
      ...parameters,
    },
  };
}

function metric(cell: Cell | undefined, name: string): number {
  assert.equal(cell?.verdict, 'valid', cell?.reason);
  return cell?.metrics[name]?.value ?? Number.NaN;
}

function near(actual: number, expected: number, share: number, what: string): void {
  const off = Math.abs(actual - expected);
  assert.ok(
    off <= Math.abs(expected) * share,
    `${what}: ${actual}, expected ${expected} within ${share}`,
  );
}

/** Counts of two boots: the ranges that their phases span, of which boots apart differ by up to 2 %, lie within 3 %. */
function agrees(one: Cell, other: Cell, name: string): void {
  const range = (cell: Cell): readonly [number, number] => {
    const value = metric(cell, name);
    return cell.metrics[name]?.interval ?? [value, value];
  };
  const [[low, high], [otherLow, otherHigh]] = [range(one), range(other)];
  const apart = Math.max(0, low - otherHigh, otherLow - high);
  const said = `${one.id} ${name}: ${low} to ${high}, recorded ${otherLow} to ${otherHigh}`;
  assert.ok(apart <= 0.03 * otherHigh, said);
}

const perCounter = (cell: Cell | undefined, group: string, name: string): number =>
  (cell?.counters?.[group]?.[name] ?? 0) / Number(cell?.parameters['messages']);

describe('real Xen', { skip: SKIP, timeout: 600_000 }, () => {
  const pv = { guestTypes: ['pv', 'pv'] } as const;
  const granted = { ringSizeBytes: 65536, messageSizeBytes: 4096 } as const;
  const quick: readonly XenCellRequest[] = [
    request('libvchan', 'ping-pong'),
    request('libvchan', 'stream', { ringSizeBytes: 65536, messageSizeBytes: 1024 }),
    request('v2v', 'grant-mode', { ...granted, grantMode: 'per-transfer' }),
    request('v2v', 'bare-grants', { messageSizeBytes: 4096, grantMode: 'per-transfer' }),
    request('v2v', 'bare-grants', { messageSizeBytes: 4096, grantMode: 'copy' }),
    request('libvchan', 'ping-pong', pv),
    request('v2v', 'stream', { ...pv, ringSizeBytes: 65536, messageSizeBytes: 1024 }),
    request('v2v', 'bare-grants', { ...pv, messageSizeBytes: 4096, grantMode: 'copy' }),
  ];
  let cells: readonly Cell[] = [];
  before(async () => {
    ({ cells } = await runXenCells(quick, OPTIONS));
  });

  it('counts what the protocols promise, in PVH and PV guests', () => {
    const [pingPong, stream, perTransfer, map, copy, pvPingPong, pvStream, pvCopy] = cells;
    // A round trip is two messages: two sends, two blocks, two ends of interrupt, two FPU traps.
    assert.equal(metric(pingPong, 'hypercallsPerMessage'), 1);
    near(metric(pingPong, 'vmexitsPerMessage'), 4, 0.03, 'exits of a PVH message');
    near(metric(pingPong, 'entriesWithTimePerMessage'), 4.1, 0.03, 'with the timer');
    near(perCounter(pingPong, 'entries', 'hlt'), 1, 0.03, 'HLT');
    near(perCounter(pingPong, 'entries', 'nm'), 1, 0.03, 'FPU traps');
    near(perCounter(pingPong, 'entries', 'eoi'), 1, 0.05, 'ends of interrupt');
    near(perCounter(pingPong, 'tlb', 'asidFlushes'), 1.07, 0.03, 'ASID flushes');
    // A stream fills its ring, is drained, fills it again: two sends for each 64 messages.
    near(metric(stream, 'hypercallsPerMessage'), 2 / 64, 0.03, 'sends of a stream');
    assert.equal(metric(perTransfer, 'tlbFlushesPerMessage'), 1);
    near(metric(perTransfer, 'hypercallsPerMessage'), 2 + 2 / 16, 0.03, 'map, unmap and events');
    assert.equal(metric(map, 'hypercallsPerMessage'), 2);
    assert.equal(metric(map, 'tlbFlushesPerMessage'), 1);
    assert.equal(metric(copy, 'hypercallsPerMessage'), 1);
    assert.equal(metric(copy, 'tlbFlushesPerMessage'), 0);
    assert.equal(metric(pvPingPong, 'hypercallsPerMessage'), 1);
    assert.equal(metric(pvPingPong, 'vmexitsPerMessage'), 0);
    near(perCounter(pvPingPong, 'hypercalls', 'iret'), 4, 0.03, 'iret');
    near(perCounter(pvPingPong, 'hypercalls', 'set_segment_base'), 5, 0.03, 'segment bases');
    near(perCounter(pvPingPong, 'hypercalls', 'stack_switch'), 2, 0.03, 'stack switches');
    near(perCounter(pvPingPong, 'tlb', 'cr3Writes'), 7, 0.03, 'CR3 writes');
    assert.ok(metric(pvStream, 'hypercallsPerMessage') < 0.05);
    assert.equal(metric(pvCopy, 'hypercallsPerMessage'), 1);
    for (const cell of cells)
      assert.ok(!('latencyNsP50' in cell.metrics), 'no times under emulation');
  });

  it('agrees with the recorded reference', async () => {
    const file = join(ROOT, 'results', 'reference', 'stock.json');
    const recorded = parseResults(await readFile(file, 'utf8'), file);
    const byId = new Map(recorded.cells.map((cell) => [cell.id, cell]));
    let compared = 0;
    for (const cell of cells) {
      const reference = byId.get(cell.id);
      if (reference === undefined) continue;
      compared++;
      for (const name of ['hypercallsPerMessage', 'tlbFlushesPerMessage', 'entriesPerMessage']) {
        agrees(cell, reference, name);
      }
    }
    assert.ok(compared >= 4, `${compared} cells in common`);
  });

  it('counts the same in two runs, one of them on a busy host', async () => {
    const few = [quick[0], quick[2], quick[5]] as readonly XenCellRequest[];
    const options = { ...OPTIONS, phases: 1 };
    const neighbour = new Worker('for (;;);', { eval: true });
    const busy = await runXenCells(few, options).finally(() => neighbour.terminate());
    const again = await runXenCells(few, { ...options, machines: 1 });
    assert.deepEqual(
      busy.cells.map(({ verdict }) => verdict),
      few.map(() => 'valid'),
    );
    assert.deepEqual(again.cells, busy.cells);
  });

  it('loses the FPU traps where Xen switches the FPU eagerly', async () => {
    const options = { ...OPTIONS, phases: 1, xenArguments: ['spec-ctrl=eager-fpu'] };
    const run = await runXenCells([request('libvchan', 'ping-pong')], options);
    near(metric(run.cells[0], 'vmexitsPerMessage'), 3, 0.03, 'exits of a message');
    assert.equal(run.cells[0]?.counters?.entries['nm'] ?? 0, 0);
  });

  it('shows what a few messages do, step by step', async () => {
    const trace = await traceOnXen(request('libvchan', 'ping-pong'), 'message', OPTIONS);
    const sends = trace.steps.filter(({ what }) => what === 'event_channel_op');
    assert.equal(sends.length, 10, 'two for each of five round trips');
    assert.ok(trace.steps.some(({ kind, what }) => kind === 'exit' && what === 'eoi'));
    assert.ok(!trace.cutShort);
  });

  it('skips V4V where the hypervisor has no Argo, with the remedy', async () => {
    const run = await runXenCells([request('v4v', 'ping-pong')], OPTIONS);
    assert.equal(run.cells[0]?.verdict, 'skipped');
    assert.match(run.cells[0]?.reason ?? '', /CONFIG_ARGO=y by --hypervisor FILE/);
  });

  it('takes a hypervisor that is given, packed or not, and finds its symbols in it', async () => {
    const { image, functions } = await equipXen(OPTIONS);
    const own = await equipXen({ ...OPTIONS, hypervisorFile: image.hypervisor });
    const [theirs, ours] = await Promise.all(
      [image, own.image].map(({ hypervisor }) => readFile(hypervisor)),
    );
    assert.ok(theirs?.equals(ours as Buffer));
    assert.equal(own.functions, functions);
    assert.match(own.functions, /^(0x)?ffff82d0[0-9a-f]{8} \*evtchn_send$/m);
    assert.match(own.functions, / >gnttab_unmap_grant_ref$/m);
  });

  it('refuses a file that is no hypervisor', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'xen.gz');
      const start = (hypervisorFile: string) =>
        runXenCells([request('libvchan', 'ping-pong')], { ...OPTIONS, hypervisorFile });
      for (const [content, fault] of [
        [Buffer.from('this is no hypervisor'), /not a hypervisor: neither an ELF file nor gzip/],
        [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), /not a hypervisor: gzip, but damaged/],
        [await readFile('/bin/busybox'), /carries no symbols that can be read: is it Xen/],
      ] as const) {
        await writeFile(file, content);
        await assert.rejects(start(file), fault);
      }
      await assert.rejects(start(join(folder, 'absent')), /cannot be read/);
    });
  });

  it('refuses symbols that are no map of Xen, by the name under which they were given', async () => {
    const { image } = await equipXen(OPTIONS);
    const hypervisorSymbolsFile = '/bin/busybox';
    await assert.rejects(
      equipXen({ ...OPTIONS, hypervisorFile: image.hypervisor, hypervisorSymbolsFile }),
      (error: unknown) =>
        error instanceof UserError &&
        error.where === hypervisorSymbolsFile &&
        /no symbols of a Xen hypervisor/.test(error.message),
    );
  });

  it('says what a compiler says that fails', async () => {
    await inFolder(async (folder) => {
      await cp(OPTIONS.guestSourceDirectory, folder, { recursive: true });
      await writeFile(join(folder, 'agent', 'broken.c'), 'this is no C\n');
      await assert.rejects(
        equipXen({ ...OPTIONS, guestSourceDirectory: folder }),
        (error: unknown) => error instanceof UserError && /broken.c/.test(error.message),
      );
    });
  });

  it('tries a cell that fails again, reports it as unknown, and goes on with the others', async () => {
    const tries: string[] = [];
    const broken = { ...request('libvchan', 'ping-pong'), transport: 'nonsense' as 'libvchan' };
    const options = { ...OPTIONS, phases: 1, onProgress: (text: string) => tries.push(text) };
    const run = await runXenCells([broken, request('libvchan', 'ping-pong')], options);
    assert.equal(run.cells[0]?.verdict, 'unknown');
    assert.match(run.cells[0]?.reason ?? '', /no transport "nonsense" in this agent/);
    assert.equal(tries.filter((text) => text.startsWith('trying again')).length, 1);
    assert.equal(metric(run.cells[1], 'hypercallsPerMessage'), 1);
  });

  it('knows a panic of a kernel by its words', async () => {
    await assert.rejects(
      runShell('echo 1 >/proc/sys/kernel/sysrq\necho c >/proc/sysrq-trigger\n'),
      (error: unknown) =>
        error instanceof MachineFailure && /Kernel panic - not syncing/.test(error.message),
    );
  });

  it('knows a machine that goes off by itself', async () => {
    await assert.rejects(runShell('poweroff -f\n'), /QEMU ended by itself \(exit code 0\)/);
  });

  it('bounds a guest that answers nothing', async () => {
    const { messages } = await runShell('run_window 0 5 no $DOM1 "idle turns=900000000000"\n');
    const windows = collectWindows(messages, '');
    assert.match(windows.get('0')?.fault ?? '', /no answer within 5 s/);
  });

  it('leaves nothing behind when it is told to stop', async () => {
    await inFolder(async (folder) => {
      const controller = new AbortController();
      const options = {
        ...OPTIONS,
        temporaryDirectory: folder,
        signal: controller.signal,
        onProgress: (text: string) => {
          if (text.includes('ping-pong')) controller.abort(new Error('stop'));
        },
      };
      await assert.rejects(runXenCells(quick, options), /stop/);
      assert.deepEqual(await readdir(folder), []);
    });
  });

  /** Has dom0 of a saved machine carry out shell commands. */
  async function runShell(batch: string): Promise<BatchOutput> {
    const { image, provenance } = await equipXen(OPTIONS);
    const config = pairConfig(['pvh', 'pvh'], 'shared');
    const emulatorVersion = provenance.emulator;
    const savedState = await savedMachine({ ...OPTIONS, image, config, emulatorVersion });
    const temporaryDirectory = tmpdir();
    const limits = { timeoutMs: 60_000, stallMs: 60_000 };
    return runBatch({ image, config, savedState, batch, temporaryDirectory, ...limits });
  }
});

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ixt-'));
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
