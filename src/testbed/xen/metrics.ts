import type { MetricDeclaration } from '../../scenario/contract.js';

/** Metrics that cells of real Xen have beside those of every testbed. */
export const XEN_METRICS: readonly MetricDeclaration[] = [
  {
    name: 'entriesWithTimePerMessage',
    unit: '1',
    better: 'lower',
    meaning: 'testbed xen: entries into the hypervisor, those included that come with time alone',
  },
  {
    name: 'pathLengthInstructions',
    unit: '1',
    better: 'lower',
    meaning:
      'testbed xen, emulated: instructions a message, in Xen, kernels and programs; no time of hardware',
  },
  {
    name: 'latencyNsMean',
    unit: 'ns',
    better: 'lower',
    meaning: 'testbed xen, on a host: a round trip, mean of a window',
  },
];
