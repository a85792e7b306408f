import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, V4V } from '../transports.js';

const STREAMS = ['buffer-size', 'stream', 'copy-locality'];

/** Section 2, the first reasons: why copies are affordable. */
export const COPIES: readonly Claim[] = [
  {
    id: 'copies-affordable',
    title: 'Copying by the hypervisor is no handicap',
    statement: 'V4V is a good method although it moves everything by copies.',
    place: 'section 2, heading of the list of reasons',
    supportedBy: 'no more bytes copied, and no more time spent on copying, than with libvchan',
    contradictedBy: 'more bytes copied, or copies that take much longer',
    parts: [
      {
        label: 'bytes copied a byte',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'copiedBytesPerByte',
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.parity,
        },
      },
      {
        label: 'time spent copying',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'nsPerByte:copy',
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.parity,
        },
      },
    ],
    note: 'libvchan copies as well: into the ring and out of it. What V4V adds is not copies but entries, page walks and locks.',
  },
  {
    id: 'memory-gigabytes',
    title: 'Memory moves 10 to 12 GB/s',
    statement:
      'Memory on two channels moves 10 to 12 gigabytes a second, so copies are fast. (The proposal writes "Gb/s"; this reads it as bytes.)',
    place: 'section 2, first reason',
    supportedBy: 'a copying core that makes so much traffic on the memory bus, read and write',
    contradictedBy: 'less traffic than that on the hardware of the time',
    parts: [
      {
        label: 'traffic of one copying core',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'price',
          price: 'copyDram',
          linesPerByte: 2,
          threshold: THRESHOLDS.tenGigabytes,
        },
      },
      {
        label: 'end to end by V4V',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'bytesPerSecond',
          scenarios: STREAMS,
          of: V4V,
          threshold: THRESHOLDS.tenGigabytes,
        },
      },
      {
        label: 'end to end by libvchan',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'bytesPerSecond',
          scenarios: STREAMS,
          of: LIBVCHAN,
          threshold: THRESHOLDS.tenGigabytes,
        },
      },
    ],
    note: 'From a price (copyDram), not from a measurement of this run. One core; no limit shared by several cores is modelled. Memory is what the statement is about: what a transfer makes of it stands beside.',
  },
  {
    id: 'memory-gigabits',
    title: 'Transfers of 10 to 12 Gbit/s',
    statement:
      'Transfers of 10 to 12 gigabits a second can be had. (The same words, read as bits, end to end.)',
    place: 'section 2, first reason',
    supportedBy: 'a stream over V4V at 10 Gbit/s or more',
    contradictedBy: 'no stream as fast as that',
    parts: [
      {
        label: 'end to end by V4V',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'bytesPerSecond',
          scenarios: STREAMS,
          of: V4V,
          threshold: THRESHOLDS.tenGigabits,
        },
      },
      {
        label: 'in general',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'value',
          metric: 'bytesPerSecond',
          scenarios: STREAMS,
          of: V4V,
          threshold: THRESHOLDS.tenGigabits,
        },
      },
      {
        label: 'by libvchan, in general',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'value',
          metric: 'bytesPerSecond',
          scenarios: STREAMS,
          of: LIBVCHAN,
          threshold: THRESHOLDS.tenGigabits,
        },
      },
    ],
  },
  {
    id: 'copy-width',
    title: 'SSE moves 128 bits at a time',
    statement: 'SSE instructions move up to 128 bits in one cycle, which makes copies cheap.',
    place: 'section 2, second reason',
    supportedBy: 'throughput that rises markedly from 64 to 128 bits',
    contradictedBy: 'throughput that hardly notices the width',
    parts: [
      {
        label: '128 bits against 64',
        role: 'needed',
        quantifier: 'general',
        test: {
          kind: 'contrast',
          metric: 'bytesPerSecond',
          scenarios: ['copy-locality'],
          of: V4V,
          parameter: 'copyBits',
          values: [128, 64],
          threshold: THRESHOLDS.noticeable,
        },
        run: 'interdom run copy-locality --set copyBits=8,32,64,128,256,512',
      },
      {
        label: '64 bits against 8',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'contrast',
          metric: 'bytesPerSecond',
          scenarios: ['copy-locality'],
          of: V4V,
          parameter: 'copyBits',
          values: [64, 8],
          threshold: THRESHOLDS.noticeable,
        },
        run: 'interdom run copy-locality --set copyBits=8,32,64,128,256,512',
      },
    ],
    note: "A hypothetical width, one step a cycle. Xen copies by `rep movs`, whose width is the CPU's own business; memory moves lines of 64 bytes.",
  },
  {
    id: 'cache-locality',
    title: 'Caches make copies faster still',
    statement:
      'What is copied is likely to be in a cache, which speeds copies up further, perhaps more than anything else.',
    place: 'section 2, third reason',
    supportedBy: 'faster copies and transfers where the buffers fit the caches',
    contradictedBy: 'copies and transfers that are no faster there',
    parts: [
      {
        label: 'time spent copying',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'contrast',
          metric: 'nsPerByte:copy',
          scenarios: ['copy-locality'],
          of: V4V,
          parameter: 'workingSetBytes',
          values: ['most', 'least'],
          threshold: THRESHOLDS.marked,
        },
      },
      {
        label: 'throughput',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'contrast',
          metric: 'bytesPerSecond',
          scenarios: ['copy-locality'],
          of: V4V,
          parameter: 'workingSetBytes',
          values: ['least', 'most'],
          threshold: THRESHOLDS.noticeable,
        },
      },
      {
        label: 'throughput of libvchan',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'contrast',
          metric: 'bytesPerSecond',
          scenarios: ['copy-locality'],
          of: LIBVCHAN,
          parameter: 'workingSetBytes',
          values: ['least', 'most'],
          threshold: THRESHOLDS.noticeable,
        },
      },
    ],
    note: 'It helps whoever copies, libvchan no less. Whether it matters most is not judged: what the copy width gives stands under copy-width.',
  },
];
