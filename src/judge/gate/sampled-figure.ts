import { Prng } from '../../base/prng.js';
import { RunningHash } from '../../base/running-hash.js';
import type { MetricValue } from '../../results/types.js';
import { adjustedPValues } from '../../stats/benjamini-hochberg.js';
import { type MedianRatio, ratioOfMedians } from '../../stats/block-bootstrap.js';
import { mannWhitney, smallestTwoSidedP } from '../../stats/mann-whitney.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import { batchLength, batchMedians, serialCorrelation } from '../../stats/serial-correlation.js';
import { figureText, plain, shareText } from './figure-text.js';
import type { SampledEvidence } from './finding.js';

/** What is worse by no more than this is not told apart, unless the policy says otherwise. */
export const DEFAULT_THRESHOLD = 0.05;
/** Expected share of false ones among the differences that are reported. */
export const FALSE_DISCOVERY_RATE = 0.05;
const CONFIDENCE = 0.95;
const RESAMPLES = 1000;
/**
 * Samples a side, or batches of them, below which nothing is said: the rank test cannot agree with fewer, so that a figure
 * could be called fine and never worse; and two are one block of the bootstrap, whose interval then has no width.
 */
const FEWEST = 4;

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
 *
 * Both tests want independent samples. Where samples resemble their neighbours, batches of them are
 * judged by their medians instead: fewer, but independent.
 */
export function judgeSampled(pairs: readonly SampledPair[]): readonly SampledJudgement[] {
  const correlation = serialCorrelation(
    pairs.flatMap(({ before, samples }) => [before.samples ?? [], samples]),
  );
  const tested = pairs.map((pair) => tests(pair, batchLength(correlation)));
  const adjusted = adjustedPValues(tested.flatMap((test) => (test === undefined ? [] : [test.p])));
  let next = 0;
  return pairs.map((pair, i) => {
    const test = tested[i];
    if (test === undefined) return untestable(pair, correlation);
    return judged(pair, test, adjusted[next++] as number);
  });
}

/** Samples a side without which nothing is said, or none of so many figures could ever be flagged alone. */
export function samplesNeeded(figures: number): number {
  let samples = FEWEST;
  while (smallestTwoSidedP(samples, samples) > FALSE_DISCOVERY_RATE / figures) samples++;
  return samples;
}

function untestable(pair: SampledPair, correlation: number): SampledJudgement {
  const { before, samples } = pair;
  const counts = `${before.samples?.length ?? 0} samples before, ${samples.length} now`;
  const why =
    correlation === 0
      ? `${FEWEST} positive ones a side are the least`
      : `each resembles the one before it (correlation ${plain(correlation, 2)}), so that ${FEWEST * batchLength(correlation)} a side are the least`;
  const message = `cannot be judged: ${counts}, and ${why}`;
  return { pair, verdict: 'inconclusive', evidence: undefined, worse: 0, message };
}

/** What the two tests say of a pair, whatever other pairs there are. */
interface Tests extends MedianRatio {
  readonly p: number;
  /** Samples, or batches of samples. */
  readonly counts: readonly [before: number, after: number];
}

/** A pair that gets no further samples is judged again with those that do, and is not tested again. */
const known = new WeakMap<SampledPair, { readonly length: number; readonly tests: Tests }>();

function tests(pair: SampledPair, length: number): Tests | undefined {
  const kept = known.get(pair);
  if (kept?.length === length) return kept.tests;
  const reference = batchMedians(pair.before.samples ?? [], length);
  const young = batchMedians(pair.samples, length);
  const positive = [...reference, ...young].every((value) => value > 0);
  if (Math.min(reference.length, young.length) < FEWEST || !positive) return undefined;
  const options = { prng: new Prng(seedOf(pair)), confidence: CONFIDENCE, resamples: RESAMPLES };
  // How many times as bad, so that above 1 is worse whichever side is the better one.
  const ratio =
    pair.after.better === 'higher'
      ? ratioOfMedians(young, reference, options)
      : ratioOfMedians(reference, young, options);
  const { twoSided } = mannWhitney(reference, young);
  const result: Tests = { ...ratio, p: twoSided, counts: [reference.length, young.length] };
  known.set(pair, { length, tests: result });
  return result;
}

function judged(pair: SampledPair, test: Tests, adjustedP: number): SampledJudgement {
  const { better } = pair.after;
  const { ratio, low, high, p, counts } = test;
  const limit = 1 + Math.max(pair.threshold, pair.noiseFloor);
  const evidence: SampledEvidence = {
    samples: counts,
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
  const batched = evidence.samples[1] < samples.length;
  const counts = `${evidence.samples[0]} and ${evidence.samples[1]} ${batched ? 'batches of samples' : 'samples'}`;
  const why =
    verdict !== 'inconclusive'
      ? ''
      : interval[0] > limit
        ? ': too few samples for the rank test to agree'
        : ': the interval reaches over the limit';
  return `${medians}, ${range}, ${source} ${plain(limit, 4)}, adjusted p ${plain(adjustedP, 2)}, ${counts}${why}`;
}
