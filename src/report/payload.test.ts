import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { plausibleResults } from '../../test/report/plausible-results.js';
import { collectReportData } from './collect.js';
import { encodePayload, packData } from './payload.js';
import { decodePayload } from './view/payload-format.js';
import type { ReportData } from './view/report-data.js';

const small = { ringSizes: [4096, 65_536], messageSizes: [64, 4096] };

/** No digit is cut. */
const EXACT = { digits: 17, cpuDigits: 17, perCpu: true, counters: true };

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('what goes into the page comes out of it', () => {
  const data = collectReportData([plausibleResults(small)]);
  const back = decodePayload(JSON.parse(JSON.stringify(encodePayload(data, EXACT))));
  assert.deepEqual(plain(back), plain(data));
});

test('intervals, outcomes, distributions and odd ids survive', () => {
  const data = collectReportData([plausibleResults(small)]);
  const [first] = data.cells;
  assert.ok(first);
  const odd: ReportData = {
    runs: data.runs,
    cells: [
      {
        ...first,
        id: 'not made by us',
        outcome: { stoppedBy: 'event channels' },
        distributions: { latencyNs: [[50, 10]] },
        metrics: {
          m: { value: 5, unit: 'ns', better: 'lower', assume: 'nothing', interval: [4, 7] },
        },
      },
    ],
  };
  assert.deepEqual(plain(decodePayload(encodePayload(odd, EXACT))), plain(odd));
});

test('ten thousand cells fit their budget, and what was cut is said', () => {
  const many = plausibleResults({
    profiles: Array.from({ length: 18 }, (_, i) => `profile-${i}`),
    guestTypes: ['pv', 'pvh'],
    noise: true,
  });
  assert.ok(many.cells.length > 10_000);
  const data = collectReportData([many]);
  const packed = packData(data, data.cells);
  assert.ok(packed.base64.length < 3_300_000, `${packed.base64.length} characters`);
  assert.equal(packed.cells, many.cells.length);
  const payload = JSON.parse(inflateRawSync(Buffer.from(packed.base64, 'base64')).toString('utf8'));
  assert.deepEqual(payload.omitted, packed.omitted);
  assert.equal(decodePayload(payload).cells.length, many.cells.length);
});
