import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programTable } from './programs.js';
import type { ReportCell } from './report-data.js';

function cell(changes: Partial<ReportCell>): ReportCell {
  return {
    run: 0,
    id: '',
    testbed: 'live',
    profile: 'skylake-2017',
    transport: 'v4v',
    scenario: 'unmodified-program',
    parameters: { program: 'iperf3', way: 'exec', inject: 'none' },
    effective: {},
    verdict: 'valid',
    outcome: { works: true },
    metrics: {},
    ...changes,
  } as ReportCell;
}

test('real programs are shown beside loopback, and those that fail or are not there with why', () => {
  const metric = (value: number, unit: string) =>
    ({ value, unit, better: 'none', assume: 'nothing' }) as const;
  const table = programTable([
    cell({ transport: 'v2v', outcome: { works: false, why: 'it hung' } }),
    cell({
      metrics: {
        bytesPerSecond: metric(1048576, 'B/s'),
        loopbackBytesPerSecond: metric(4194304, 'B/s'),
        latencyNsP50: metric(3000, 'ns'),
        loopbackLatencyNsP50: metric(2000, 'ns'),
        entriesPerMessage: metric(2.5, '1'),
      },
    }),
    cell({ verdict: 'skipped', reason: 'no ssh', parameters: { program: 'openssh', way: 'exec' } }),
    cell({ scenario: 'stream' }),
  ]);
  const head = ['iperf3', 'exec'];
  assert.deepEqual(table?.rows, [
    [...head, 'v4v', 'yes', '1.00 MiB/s', '25 %', '3.00 us', '1.50x', '2.50'],
    [...head, 'v2v', 'no: it hung', '', '', '', '', ''],
    ['openssh', 'exec', 'v4v', 'skipped: no ssh', '', '', '', '', ''],
  ]);
  assert.equal(programTable([cell({ scenario: 'stream' })]), undefined);
});
