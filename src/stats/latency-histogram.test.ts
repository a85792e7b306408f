import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { UserError } from '../base/errors.js';
import { LARGEST_LATENCY_NS, LatencyHistogram } from './latency-histogram.js';

function histogramOf(values: Iterable<number>): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('small values are kept exactly', () => {
  const histogram = histogramOf(Array.from({ length: 1000 }, (_, i) => i + 1));
  assert.deepEqual(histogram.summary(), {
    count: 1000,
    minNs: 1,
    meanNs: 500.5,
    p50Ns: 500,
    p90Ns: 900,
    p99Ns: 990,
    p999Ns: 999,
    maxNs: 1000,
  });
});

test('a single latency is every percentile, however large', () => {
  const summary = histogramOf([1_234_567_891]).summary();
  for (const value of [summary.minNs, summary.p50Ns, summary.p999Ns, summary.maxNs]) {
    assert.equal(value, 1_234_567_891);
  }
});

test('values from 0 to two and a half hours fit, others are refused', () => {
  const histogram = histogramOf([0, LARGEST_LATENCY_NS]);
  assert.equal(histogram.percentileNs(100), LARGEST_LATENCY_NS);
  assert.equal(histogram.percentileNs(50), 0);
  for (const value of [-1, 0.5, Number.NaN, LARGEST_LATENCY_NS + 1]) {
    assert.throws(() => histogram.record(value), /whole number of nanoseconds/);
  }
  assert.throws(() => histogram.record(1, 0), /once or more/);
  assert.equal(histogram.count, 2);
});

test('an empty histogram has no figures but can be written', () => {
  const empty = new LatencyHistogram();
  assert.throws(() => empty.summary(), /empty histogram/);
  assert.throws(() => empty.percentileNs(50), /needs samples/);
  assert.equal(LatencyHistogram.decode(empty.encode()).count, 0);
  assert.deepEqual(empty.buckets(), []);
});

test('the encoding is this, byte for byte, on every machine', () => {
  const histogram = histogramOf([100, 100, 2000, 30_000]);
  histogram.record(5_000_000, 7);
  assert.equal(histogram.encode(), GOLDEN);
});

const GOLDEN = 'HISTFAAAAC14nJNpmSzMwMDAA8SMQMzMAAFANoeh2suKKzD+cUaWq7JMzXZM90v5AJcSB9I=';

test('the package itself reads the encoding', () => {
  const hdr = createRequire(import.meta.url)(
    'hdr-histogram-js',
  ) as typeof import('hdr-histogram-js');
  const read = hdr.decodeFromCompressedBase64(histogramOf([100, 100, 2000]).encode(), 64);
  assert.equal(read.totalCount, 3);
  assert.equal(read.maxValue, 2000);
  assert.equal(read.getValueAtPercentile(50), 100);
});

test('buckets say where the values lie', () => {
  assert.deepEqual(histogramOf([5, 5, 4097]).buckets(), [
    { lowNs: 5, highNs: 5, count: 2 },
    { lowNs: 4096, highNs: 4099, count: 1 },
  ]);
});

const good = histogramOf([100, 2000]).encode();

function payloadOf(encoded: string): Buffer {
  return inflateSync(Buffer.from(encoded, 'base64').subarray(8));
}

function packed(payload: Buffer): string {
  const stream = deflateSync(payload);
  const head = Buffer.alloc(8);
  head.writeInt32BE(0x1c849314, 0);
  head.writeInt32BE(stream.length, 4);
  return Buffer.concat([head, stream]).toString('base64');
}

function withCounts(counts: Buffer): string {
  const payload = Buffer.concat([payloadOf(good).subarray(0, 40), counts]);
  payload.writeInt32BE(counts.length, 4);
  return packed(payload);
}

function withDigits(digits: number): string {
  const payload = payloadOf(good);
  payload.writeInt32BE(digits, 12);
  return packed(payload);
}

const hostile: [situation: string, encoded: string, reason: RegExp][] = [
  ['not base64', 'hello, world', /not base64/],
  ['empty', '', /does not begin/],
  ['another cookie', Buffer.alloc(60).toString('base64'), /does not begin/],
  ['cut off', Buffer.from(good, 'base64').subarray(0, -3).toString('base64'), /cut off/],
  ['a broken stream', corrupted(good), /does not decompress/],
  ['a bomb', packed(Buffer.alloc(64 * 1024 * 1024)), /does not decompress, or to far more/],
  ['no payload header', packed(Buffer.alloc(4)), /no V2 header/],
  ['other settings', withDigits(2), /written with 2 digits/],
  ['a run of 2^50 empty buckets', withCounts(Buffer.from('ffffffffffffff03', 'hex')), /buckets/],
  ['a count above 2^53', withCounts(Buffer.from('feffffffffffffff7f', 'hex')), /larger counts/],
  ['half a count', withCounts(Buffer.from('ff', 'hex')), /inside a count/],
];

function corrupted(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64');
  bytes.fill(0xff, 12, 20);
  return bytes.toString('base64');
}

for (const [situation, encoded, reason] of hostile) {
  test(`a hostile histogram is refused with the reason: ${situation}`, () => {
    assert.throws(
      () => LatencyHistogram.decode(encoded, 'run.json $.cells[3]'),
      (error: unknown) =>
        error instanceof UserError &&
        reason.test(error.message) &&
        error.where === 'run.json $.cells[3]',
    );
  });
}
