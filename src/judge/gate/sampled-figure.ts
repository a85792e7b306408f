import { Prng } from '../../base/prng.js';
import { RunningHash } from '../../base/running-hash.js';
import type { MetricValue } from '../../results/types.js';
import { adjustedPValues } from '../../stats/benjamini-hochberg.js';
import { ratioOfMedians } from '../../stats/block-bootstrap.js';
import { mannWhitney, smallestTwoSidedP } from '../../stats/mann-whitney.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import { figureText, plain, shareText } from './figure-text.js';
import type { SampledEvidence } from './finding.js';

/** What is worse by no more than this is not told apart, unless the policy says otherwise. */
export const DEFAULT_THRESHOLD = 0.05;
/** Expected share of false ones among the differences that are reported. */
export const FALSE_DISCOVERY_RATE = 0.05;
const CONFIDENCE = 0.95;
const RESAMPLES = 2000;

/** A sampled figure of both sides. */
export interface SampledPair {
  readonly cell: string;
  readonly metric: string;
  readonly before: MetricValue;
  readonly after: MetricValue;
  /** Samples of the run, with those that were taken since. */
  readonly samples: readonly number[];
  /** By how much it may be worse, a part of the old value. */
  readonly threshold: number;
  /** By how much figures differ when nothing has changed. */
  readonly noiseFloor: number;
}

export type SampledVerdict = 'ok' | 'better' | 'worse' | 'different' | 'inconclusive';

export interface SampledJudgement {
  readonly pair: SampledPair;
  readonly verdict: SampledVerdict;
  readonly evidence: SampledEvidence | undefined;
  /** By which part it is worse. */
  readonly worse: number;
  readonly message: string;
}

/**
 * Judges sampled figures together. Worse: the whole bootstrap interval of the ratio of medians lies
 * beyond the limit, and the rank test agrees after Benjamini and Hochberg's adjustment over all of
 * them. Ok: the whole interval lies within the limit. Otherwise nobody can tell yet.
 */
export function judgeSampled(pairs: readonly SampledPair[]): readonly SampledJudgement[] {
  const tested = pairs.map((pair) => {
    const reference = pair.before.samples ?? [];
    const usable = reference.length >= 2 && pair.samples.length >= 2;
    const positive = [...reference, ...pair.samples].every((value) => value > 0);
    return usable && positive ? mannWhitney(reference, pair.samples).twoSided : undefined;
  });
  const known = tested.filter((p) => p !== undefined);
  const adjusted = adjustedPValues(known);
  let next = 0;
  return pairs.map((pair, i) => {
    const p = tested[i];
    if (p === undefined) return untestable(pair);
    return judged(pair, p, adjusted[next++] as number);
  });
}

/** Samples a side without which none of so many figures could ever be flagged alone. */
export function samplesNeeded(figures: number): number {
  let samples = 2;
  while (smallestTwoSidedP(samples, samples) > FALSE_DISCOVERY_RATE / figures) samples++;
  return samples;
}

function untestable(pair: SampledPair): SampledJudgement {
  const { before, samples } = pair;
  const counts = `${before.samples?.length ?? 0} samples before, ${samples.length} now`;
  const message = `cannot be judged: ${counts}, and two positive ones a side are the least`;
  return { pair, verdict: 'inconclusive', evidence: undefined, worse: 0, message };
}

function judged(pair: SampledPair, p: number, adjustedP: number): SampledJudgement {
  const { before, after, samples } = pair;
  const reference = before.samples ?? [];
  const { better } = after;
  const options = {
    prng: new Prng(seedOf(pair)),
    confidence: CONFIDENCE,
    resamples: RESAMPLES,
  };
  // How many times as bad, so that above 1 is worse whichever side is the better one.
  const { ratio, low, high } =
    better === 'higher'
      ? ratioOfMedians(samples, reference, options)
      : ratioOfMedians(reference, samples, options);
  const limit = 1 + Math.max(pair.threshold, pair.noiseFloor);
  const evidence: SampledEvidence = {
    samples: [reference.length, samples.length],
    ratio,
    interval: [low, high],
    limit,
    p,
    adjustedP,
  };
  const isClear = adjustedP <= FALSE_DISCOVERY_RATE;
  const clearlyWorse = low > limit;
  const clearlyBetter = high < 1 / limit;
  let verdict: SampledVerdict = 'inconclusive';
  if (isClear && (clearlyWorse || clearlyBetter)) {
    verdict = better === 'none' ? 'different' : clearlyWorse ? 'worse' : 'better';
  } else if (high <= limit && (better !== 'none' || low >= 1 / limit)) verdict = 'ok';
  const message = sampledMessage(pair, evidence, verdict);
  return { pair, verdict, evidence, worse: ratio - 1, message };
}

/** So that a figure's verdict does not depend on which others are judged with it. */
function seedOf({ cell, metric }: SampledPair): number {
  const hash = new RunningHash();
  for (const char of `${cell}:${metric}`) hash.add(char.codePointAt(0) as number);
  return Number.parseInt(hash.digest().slice(0, 8), 16);
}

function sampledMessage(
  { before, samples, noiseFloor, threshold }: SampledPair,
  evidence: SampledEvidence,
  verdict: SampledVerdict,
): string {
  const { interval, limit, adjustedP } = evidence;
  const oldMedian = median(sortedAscending(before.samples ?? []));
  const newMedian = median(sortedAscending(samples));
  const share = shareText((newMedian - oldMedian) / oldMedian);
  const medians = `${figureText(oldMedian, before.unit)} -> ${figureText(newMedian, before.unit)} (${share})`;
  const range = `${plain(interval[0], 4)} to ${plain(interval[1], 4)} times as bad (95 %)`;
  const source = noiseFloor > threshold ? 'noise floor' : 'limit';
  const counts = `${evidence.samples[0]} and ${evidence.samples[1]} samples`;
  const why =
    verdict !== 'inconclusive'
      ? ''
      : interval[0] > limit
        ? ': too few samples for the rank test to agree'
        : ': the interval reaches over the limit';
  return `${medians}, ${range}, ${source} ${plain(limit, 4)}, adjusted p ${plain(adjustedP, 2)}, ${counts}${why}`;
}
