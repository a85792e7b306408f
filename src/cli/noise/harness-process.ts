import { harnessMetrics } from '../run/harness-metrics.js';

/** A process of its own that measures the harness once: much of the noise is between processes. */
process.stdout.write(JSON.stringify(harnessMetrics() ?? {}));
