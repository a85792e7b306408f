import type { Better } from '../../stats/metric.js';

/** Metrics of live cells beside those that the model has, too. */
export const LIVE_METRICS: Readonly<
  Record<string, { readonly unit: string; readonly better: Better; readonly meaning: string }>
> = {
  blockingBytesPerSecond: {
    unit: 'B/s',
    better: 'higher',
    meaning: 'live: payload a second where a domain that waits sleeps at once',
  },
  blockingLatencyNsP50: {
    unit: 'ns',
    better: 'lower',
    meaning: 'live: median latency where a domain that waits sleeps at once',
  },
  blockingLatencyNsP99: {
    unit: 'ns',
    better: 'lower',
    meaning: 'live: 99th percentile of latency where a domain that waits sleeps at once',
  },
  injectedShare: {
    unit: '1',
    better: 'none',
    meaning: 'live: part of the time of both threads that was injected delay; the rest was real',
  },
  injectedNsPerMessage: {
    unit: 'ns',
    better: 'none',
    meaning: 'live: delay injected for privileged operations, a payload',
  },
  sleepsPerMessage: {
    unit: '1',
    better: 'lower',
    meaning: 'live: times that a thread really slept, a payload',
  },
};
