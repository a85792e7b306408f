import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { LARGEST_LATENCY_NS, LatencyHistogram } from './latency-histogram.js';
import { percentile, sortedAscending } from './quantile.js';

const latency = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 1e9 }),
  fc.integer({ min: 0, max: LARGEST_LATENCY_NS }),
);
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });

function histogramOf(values: Iterable<number>): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('percentiles are the true sample or at most 1/1024 above it', () => {
  fc.assert(
    fc.property(latencies, fc.integer({ min: 0, max: 100_000 }), (values, parts) => {
      const exact = percentile(sortedAscending(values), parts / 1000);
      const found = histogramOf(values).percentileNs(parts / 1000);
      assert.ok(found >= exact && found <= exact * (1 + 1 / 1024), `${found} for ${exact}`);
    }),
    runs(100),
  );
});

test('count, minimum, mean and maximum are exact', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1 }), (values) => {
      const summary = histogramOf(values).summary();
      const sum = values.reduce((total, value) => total + value, 0);
      assert.deepEqual(
        [summary.count, summary.minNs, summary.meanNs, summary.maxNs],
        [values.length, Math.min(...values), sum / values.length, Math.max(...values)],
      );
    }),
    runs(100),
  );
});

test('equal values give equal bytes, in any order, one by one, counted or added together', () => {
  fc.assert(
    fc.property(latencies, fc.nat(), (values, cut) => {
      const bytes = histogramOf(values).encode();
      assert.equal(histogramOf([...values].reverse()).encode(), bytes);
      const split = cut % values.length;
      const added = histogramOf(values.slice(0, split));
      added.add(histogramOf(values.slice(split)));
      assert.equal(added.encode(), bytes);
      const twice = histogramOf([...values, ...values]);
      const counted = new LatencyHistogram();
      for (const value of values) counted.record(value, 2);
      assert.equal(counted.encode(), twice.encode());
      assert.deepEqual(counted.summary(), twice.summary());
    }),
    runs(50),
  );
});

test('decoding keeps the bytes, the count and every figure within 1/1024', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const histogram = histogramOf(values);
      const decoded = LatencyHistogram.decode(histogram.encode());
      assert.equal(decoded.encode(), histogram.encode());
      assert.deepEqual(decoded.buckets(), histogram.buckets());
      const before = histogram.summary();
      const after = decoded.summary();
      assert.equal(after.count, before.count);
      for (const name of [
        'minNs',
        'meanNs',
        'p50Ns',
        'p90Ns',
        'p99Ns',
        'p999Ns',
        'maxNs',
      ] as const) {
        assert.ok(Math.abs(after[name] - before[name]) <= before[name] / 1024 + 1e-6, name);
      }
    }),
    runs(50),
  );
});

test('hostile text never does anything but a UserError', () => {
  fc.assert(
    fc.property(fc.base64String({ maxLength: 200 }), (text) => {
      assert.throws(() => LatencyHistogram.decode(text), { name: 'UserError' });
    }),
    runs(100),
  );
});
