import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plausibleResults } from '../../../test/report/plausible-results.js';
import { collectReportData } from '../collect.js';
import { verdictsElsewhere } from './elsewhere.js';
import { defaultSelection } from './selection.js';

const sizes = { ringSizes: [65_536], messageSizes: [4096] };

test('what was measured elsewhere in another placement is shown, and said', () => {
  const model = plausibleResults({ profiles: ['skylake-2017'], ...sizes });
  const other = plausibleResults({ profiles: ['zen4-2023'], ...sizes, id: 'other' });
  const cells = other.cells
    .filter(({ scenario }) => scenario === 'stream')
    .map((cell) => ({
      ...cell,
      testbed: 'xen',
      parameters: { ...cell.parameters, placement: 'shared' },
    }));
  const data = collectReportData([
    { ...model, cells: model.cells.filter(({ parameters }) => parameters['placement'] === 'own') },
    { ...other, cells },
  ]);
  const selection = defaultSelection(data);
  assert.equal(selection['placement'], 'own');
  const rows = verdictsElsewhere(data, selection);
  const xen = rows.find(({ name }) => name.startsWith('xen'));
  assert.match(xen?.name ?? '', /^xen, zen4-2023, .*shared$/);
  assert.ok(xen?.verdicts.has('stream'));
  for (const { name } of rows) assert.doesNotMatch(name, /^xen, skylake|^model, zen4/);
});
