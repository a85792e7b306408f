import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outcomeTable } from './evidence.js';
import { findingsTable } from './findings.js';
import type { ReportCell } from './report-data.js';

function cell(transport: string, order: string, finding?: string): ReportCell {
  return {
    id: `${transport} ${order}`,
    run: 0,
    testbed: 'model',
    profile: 'p',
    transport,
    scenario: 'destroy-order',
    scenarioVersion: 1,
    parameters: { order, ringSizeBytes: 4096 },
    effective: {},
    verdict: 'valid',
    metrics: {},
    ...(finding === undefined ? {} : { outcome: { finding } }),
  };
}

describe('what became of it', () => {
  it('is a row for each thing that broke, transports side by side, by what varies', () => {
    const table = findingsTable([
      cell('libvchan', 'server-first', 'zombie'),
      cell('v4v', 'server-first', 'delivered'),
      cell('v4v', 'client-hung', 'delivered'),
    ]);
    assert.deepEqual(table, {
      transports: ['v4v', 'libvchan'],
      rows: [
        { work: 'destroy-order, order server-first', findings: ['delivered', 'zombie'] },
        { work: 'destroy-order, order client-hung', findings: ['delivered', ''] },
      ],
    });
  });

  it('says what varies as one sentence does, whether it has a word of its own or not', () => {
    const varied = cell('v4v', 'server-first', 'delivered');
    const rows = [
      { ...varied, parameters: { observeMs: 10, guestType: 'pv' } },
      { ...varied, parameters: { observeMs: 20, guestType: 'pvh' } },
    ];
    assert.deepEqual(
      findingsTable(rows)?.rows.map(({ work }) => work),
      ['destroy-order, guest type pv, observeMs 10', 'destroy-order, guest type pvh, observeMs 20'],
    );
  });

  it('counts what became of the draws of one case, where they differ', () => {
    const draw = (number: number, transport: string, finding: string): ReportCell => {
      const { parameters, ...rest } = cell(transport, 'client-hung', finding);
      return { ...rest, parameters: { ...parameters, draw: number } };
    };
    const table = findingsTable([
      draw(1, 'v4v', 'delivered'),
      draw(2, 'v4v', 'delivered'),
      draw(1, 'libvchan', 'zombie'),
      draw(2, 'libvchan', 'delivered'),
    ]);
    assert.deepEqual(table?.rows, [
      { work: 'destroy-order', findings: ['delivered', 'zombie 1, delivered 1'] },
    ]);
  });

  it('is no table where nothing broke', () => {
    assert.equal(findingsTable([cell('v4v', 'server-first')]), undefined);
  });

  it('names the testbed of an outcome where there are several', () => {
    const ofModel = cell('v4v', 'server-first', 'peer untold');
    const ofXen = { ...cell('v4v', 'server-first', 'zombie'), testbed: 'xen' };
    const rows = (...cells: readonly ReportCell[]) => outcomeTable({ runs: [], cells })?.rows;
    assert.deepEqual(rows(ofModel), [
      ['Order of destruction', 'v4v', 'valid', '1', 'finding: peer untold'],
    ]);
    assert.deepEqual(rows(ofXen, ofModel), [
      ['Order of destruction', 'v4v', 'model', 'valid', '1', 'finding: peer untold'],
      ['Order of destruction', 'v4v', 'xen', 'valid', '1', 'finding: zombie'],
    ]);
  });
});
