import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParameterValue } from '../../results/types.js';
import { axesOf, raysOf } from './axes.js';
import type { ReportCell } from './report-data.js';

function cell(
  transport: string,
  scenario: string,
  parameters: Readonly<Record<string, ParameterValue>>,
): ReportCell {
  return {
    id: '',
    run: 0,
    testbed: 'model',
    profile: 'p',
    transport,
    scenario,
    scenarioVersion: 1,
    parameters,
    effective: {},
    verdict: 'valid',
    metrics: {},
  };
}

test('ring sizes go along x and message sizes make panels; seeds and facets do neither', () => {
  const cells = [4096, 8192].flatMap((ringSizeBytes) =>
    [64, 1024].flatMap((messageSizeBytes) =>
      [1, 2].map((seed) =>
        cell('v4v', 'stream', { ringSizeBytes, messageSizeBytes, seed, placement: `p${seed}` }),
      ),
    ),
  );
  assert.deepEqual(axesOf('stream', cells), {
    xKey: 'ringSizeBytes',
    panelKey: 'messageSizeBytes',
    competitorKeys: [],
    variantKeys: [],
  });
});

test('an option that only one transport has tells its competitors apart, and keeps nobody from competing', () => {
  const cells = [
    cell('v4v', 'stream', { ringSizeBytes: 4096, policy: 'eager' }),
    cell('v4v', 'stream', { ringSizeBytes: 4096, policy: 'late' }),
    cell('libvchan', 'stream', { ringSizeBytes: 4096 }),
    cell('libvchan', 'stream', { ringSizeBytes: 8192 }),
  ];
  assert.deepEqual(axesOf('stream', cells).competitorKeys, ['policy']);
  assert.deepEqual(axesOf('stream', cells).variantKeys, []);
});

test('grant modes compete in the scenario that compares them', () => {
  const modes = ['copy', 'persistent'].map((grantMode) => cell('v2v', 'grant-mode', { grantMode }));
  assert.deepEqual(axesOf('grant-mode', modes).competitorKeys, ['grantMode']);
  assert.deepEqual(axesOf('stream', modes).competitorKeys, []);
});

test('parameters varied one at a time around a point are taken ray by ray', () => {
  const centre = { workingSetBytes: 65_536, copyBits: 0 };
  const cells = [
    ...[16_384, 65_536, 1_048_576].map((workingSetBytes) => ({ ...centre, workingSetBytes })),
    ...[64, 128].map((copyBits) => ({ ...centre, copyBits })),
  ].map((parameters) => cell('v4v', 'copy-locality', parameters));
  const [bySet, byWidth] = raysOf('copy-locality', cells);
  assert.deepEqual(
    bySet?.map((one) => one.parameters['workingSetBytes']),
    [16_384, 65_536, 1_048_576],
  );
  assert.deepEqual(
    byWidth?.map((one) => one.parameters['copyBits']),
    [64, 128],
  );
  assert.equal(axesOf('copy-locality', byWidth ?? []).xKey, 'copyBits');
});

test('a full grid is one sweep', () => {
  const cells = [1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => cell('v4v', 's', { a, b })));
  assert.deepEqual(raysOf('s', cells), [cells]);
});
