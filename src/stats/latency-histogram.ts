import { createRequire } from 'node:module';
import type { Float64Histogram } from 'hdr-histogram-js';
import { invariant } from '../base/errors.js';
import { checkEncoded, type HistogramGeometry, recompress } from './histogram-encoding.js';
import { nearestRank } from './quantile.js';

/**
 * The largest latency that virtual time can hold: 2^53 ps in whole nanoseconds, two and a half
 * hours.
 */
export const LARGEST_LATENCY_NS = 9_007_199_254_740;

/** Values up to 2047 ns are kept exactly, larger ones within 1 part in 1024. */
const SIGNIFICANT_DIGITS = 3;

export interface LatencySummary {
  readonly count: number;
  readonly minNs: number;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
}

/** One bucket: how many values lie from lowNs to highNs, both included. */
export interface LatencyBucket {
  readonly lowNs: number;
  readonly highNs: number;
  readonly count: number;
}

type HdrPackage = typeof import('hdr-histogram-js');
let hdr: HdrPackage | undefined;

/**
 * Loaded with the first histogram: the package takes 30 to 50 ms, and most commands draw and record
 * nothing.
 */
function hdrPackage(): HdrPackage {
  hdr ??= createRequire(import.meta.url)('hdr-histogram-js') as HdrPackage;
  return hdr;
}

/**
 * Latencies in whole nanoseconds, at constant memory (0.3 MB) however many there are. Count,
 * minimum, mean and maximum are exact while recording; percentiles are at most 1/1024 above the
 * true sample, and never above the maximum. What was decoded knows the buckets only: its minimum,
 * mean and maximum are within 1/1024, too. Equal values give equal bytes, in whatever order they
 * came.
 */
export class LatencyHistogram {
  private readonly counts: Float64Histogram;
  private total = 0;
  private sumNs = 0;
  private smallestNs = Number.POSITIVE_INFINITY;
  private largestNs = 0;

  constructor() {
    this.counts = new (hdrPackage().Float64Histogram)(1, LARGEST_LATENCY_NS, SIGNIFICANT_DIGITS);
  }

  /** Reads what `encode` wrote. Throws UserError with `where` for anything else. */
  static decode(encoded: string, where = 'histogram'): LatencyHistogram {
    const histogram = new LatencyHistogram();
    checkEncoded(encoded, histogram.geometry(), where);
    const decoded = hdrPackage().decodeFromCompressedBase64(encoded, 64) as Float64Histogram;
    histogram.counts.add(decoded);
    histogram.total = decoded.totalCount;
    if (decoded.totalCount === 0) return histogram;
    histogram.sumNs = decoded.mean * decoded.totalCount;
    histogram.smallestNs = decoded.getValueAtPercentile(0);
    histogram.largestNs = decoded.maxValue;
    return histogram;
  }

  get count(): number {
    return this.total;
  }

  /**
   * @param latencyNs a whole number, 0 to LARGEST_LATENCY_NS;
   * @param times how often it occurred
   */
  record(latencyNs: number, times = 1): void {
    invariant(
      Number.isInteger(latencyNs) && latencyNs >= 0 && latencyNs <= LARGEST_LATENCY_NS,
      'a latency is a whole number of nanoseconds',
      { latencyNs },
    );
    if (times === 1) {
      this.counts.recordValue(latencyNs);
    } else {
      invariant(Number.isSafeInteger(times) && times > 0, 'a value occurs once or more', { times });
      this.counts.recordValueWithCount(latencyNs, times);
    }
    this.total += times;
    this.sumNs += latencyNs * times;
    if (latencyNs < this.smallestNs) this.smallestNs = latencyNs;
    if (latencyNs > this.largestNs) this.largestNs = latencyNs;
  }

  /** Takes in the values of another histogram, e.g. of another connection. */
  add(other: LatencyHistogram): void {
    this.counts.add(other.counts);
    this.total += other.total;
    this.sumNs += other.sumNs;
    this.smallestNs = Math.min(this.smallestNs, other.smallestNs);
    this.largestNs = Math.max(this.largestNs, other.largestNs);
  }

  /**
   * By nearest rank.
   * @param percent 0 to 100, three decimals at most. Throws InvariantViolation when empty.
   */
  percentileNs(percent: number): number {
    const rank = nearestRank(this.total, percent);
    // The package computes the rank in floating point; aiming half a rank lower makes its rounding
    // harmless.
    const value = this.counts.getValueAtPercentile((100 * (rank - 0.5)) / this.total);
    return Math.max(Math.min(value, this.largestNs), this.smallestNs);
  }

  /** Throws InvariantViolation when empty. */
  summary(): LatencySummary {
    invariant(this.total > 0, 'an empty histogram has no summary');
    return {
      count: this.total,
      minNs: this.smallestNs,
      meanNs: this.sumNs / this.total,
      p50Ns: this.percentileNs(50),
      p90Ns: this.percentileNs(90),
      p99Ns: this.percentileNs(99),
      p999Ns: this.percentileNs(99.9),
      maxNs: this.largestNs,
    };
  }

  /** The buckets that hold something, ascending: what a chart of the distribution needs. */
  buckets(): LatencyBucket[] {
    const result: LatencyBucket[] = [];
    for (let i = 0; i < this.counts.countsArrayLength; i++) {
      const count = this.counts.getCountAtIndex(i);
      if (count === 0) continue;
      const lowNs = this.counts.valueFromIndex(i);
      result.push({ lowNs, highNs: this.counts.highestEquivalentValue(lowNs), count });
    }
    return result;
  }

  /** Base64 of the compressed V2 encoding, which other HdrHistogram tools read, too. */
  encode(): string {
    return recompress(hdrPackage().encodeIntoCompressedBase64(this.counts));
  }

  private geometry(): HistogramGeometry {
    return {
      lowest: 1,
      highest: LARGEST_LATENCY_NS,
      digits: SIGNIFICANT_DIGITS,
      buckets: this.counts.countsArrayLength,
    };
  }
}
