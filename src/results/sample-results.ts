import { cellId } from './cell-id.js';
import { beginRun, endRun } from './provenance.js';
import { type Cell, type ResultsFile, type RunDescription, SCHEMA_VERSION } from './types.js';

/**
 * A results file in which every field occurs, for tests of what reads results. Its numbers are
 * invented.
 */
export function sampleResults(cells = 3): ResultsFile {
  return {
    schemaVersion: SCHEMA_VERSION,
    run: sampleRun(),
    cells: Array.from({ length: cells }, (_, i) =>
      sampleCell({ messageSizeBytes: 64 << (i % 20), seed: i }),
    ),
  };
}

export function sampleRun(): RunDescription {
  const begun = beginRun({
    startedAtMs: Date.UTC(2026, 0, 31, 12, 0, 0, 250),
    command: ['interdom', 'run', 'stream', '--set', 'note=a b'],
    version: '0.1.0',
    commit: '0123abcd',
    seed: 1,
    suite: 'quick',
    host: {
      nodeVersion: '20.20.2',
      platform: 'linux',
      arch: 'x64',
      cpuModels: ['Sample CPU @ 2.00GHz', 'Sample CPU @ 2.00GHz'],
      memoryBytes: 8_589_934_592,
    },
    profiles: {
      sample: {
        name: 'sample',
        description: 'invented for tests',
        clockHz: 2e9,
        features: { nestedPaging: 'ept', eagerFpu: true, tlbEntries: 1536 },
        prices: {
          vmexit: {
            value: 1000,
            low: 800,
            high: 1300,
            unit: 'cycles',
            source: 'invented',
            confidence: 'estimate',
          },
        },
      },
    },
  });
  return endRun(begun, Date.UTC(2026, 0, 31, 12, 0, 9), true, {
    simulatedMessagesPerSecond: {
      value: 1_100_000,
      unit: '1/s',
      better: 'higher',
      assume: 'nothing',
      samples: [1_090_000, 1_100_000, 1_110_000],
    },
  });
}

/**
 * @param parameters added to, and put before, those of the sample;
 * @param fields replace those of the sample
 */
export function sampleCell(
  parameters: Cell['parameters'] = {},
  fields: Partial<Omit<Cell, 'id' | 'parameters'>> = {},
): Cell {
  const cell: Omit<Cell, 'id'> = {
    testbed: 'model',
    profile: 'sample',
    transport: 'libvchan',
    scenario: 'stream',
    scenarioVersion: 1,
    parameters: {
      ringSizeBytes: 65_536,
      messageSizeBytes: 4096,
      guestType: 'pvh',
      seed: 1,
      ...parameters,
    },
    effective: { ringSizeBytes: 65_536 },
    verdict: 'valid',
    outcome: { delivered: true },
    metrics: {
      bytesPerSecond: {
        value: 1_234_567_890.5,
        unit: 'B/s',
        better: 'higher',
        assume: 'exact',
        determinedBy: 'schedule',
        interval: [1e9, 2e9],
      },
      hypercallsPerMessage: {
        value: 1.0625,
        unit: '1',
        better: 'lower',
        assume: 'exact',
        determinedBy: 'protocol',
      },
    },
    histograms: {
      latencyNs: 'HISTFAAAAC14nJNpmSzMwMDAA8SMQMzMAAFANoeh2suKKzD+cUaWq7JMzXZM90v5AJcSB9I=',
    },
    counters: {
      hypercalls: { evtchn_send: 17 },
      entries: { hypercall: 17, hlt: 3 },
      tlb: { misses: 12 },
      grants: {},
      events: { sent: 17 },
      copies: { bytes: 65_536 },
      xenstore: { write: 4 },
    },
    attributionNs: { 'pcpu0 (dom1)': { copy: 1000.5, idle: 0 } },
    trace: { events: 1234, hash: '0123456789abcdef', unseed: 4_294_967_295 },
    ...fields,
  };
  return { id: cellId(cell), ...cell };
}
