import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, MAPPED_EACH_TIME, V2V, V4V } from '../transports.js';

/** Section 1, list of downsides: what is wrong with sharing pages by grants. */
export const SHARED_MEMORY: readonly Claim[] = [
  {
    id: 'untrusted-rings',
    title: 'Rings in shared pages cannot be trusted',
    statement:
      'Either guest can write all of the pages that they share, so nothing that stands in the ring may be believed.',
    place: 'section 1, downsides of shared memory, second item',
    supportedBy: 'pages that the peer can write, and damage done through them',
    contradictedBy: 'no such pages, or hostile writes without any effect',
    parts: [
      {
        label: 'pages of libvchan open to the peer',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'pagesExposedToPeer',
          of: LIBVCHAN,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      {
        label: 'pages of V2V open to the peer',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'pagesExposedToPeer',
          of: V2V,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      {
        label: 'states by which a hostile libvchan peer corrupts data',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'statesCorrupted',
          scenarios: ['hostile-peer'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      {
        label: 'states by which a hostile V2V peer corrupts data',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'statesCorrupted',
          scenarios: ['hostile-peer'],
          of: V2V,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      {
        label: 'states that reach beyond the ring of libvchan',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'statesEscaped',
          scenarios: ['hostile-peer'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.none,
        },
      },
    ],
    note: 'Not to trust the ring is not to be harmed beyond it: libvchan checks every index since XSA-86.',
  },
  {
    id: 'connection-state',
    title: 'Connecting and reconnecting is clumsy',
    statement:
      'The handshake of paravirtual drivers by states in xenstore is poor at what it is for: there is no simple way for two domains to agree that they part or meet again.',
    place: 'section 1, downsides of shared memory, third item',
    supportedBy: 'set-up and recovery that take V2V much longer than V4V, or that fail',
    contradictedBy: 'V2V recovering as fast and as surely as V4V',
    parts: [
      {
        label: 'set-up time',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'setupNs',
          scenarios: ['setup'],
          of: V2V,
          to: V4V,
          threshold: THRESHOLDS.slowSetup,
        },
      },
      {
        label: 'from the crash of a peer until data flows again',
        role: 'needed',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'recoveryNs',
          scenarios: ['reconnect'],
          of: V2V,
          to: V4V,
          threshold: THRESHOLDS.slowSetup,
        },
      },
      {
        label: 'from the moment the peer is back',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'recoveryAfterBootNs',
          scenarios: ['reconnect'],
          of: V2V,
          to: V4V,
          threshold: THRESHOLDS.slowSetup,
        },
      },
      {
        label: 'many set-ups at once',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'stormNs',
          scenarios: ['setup-storm'],
          of: V2V,
          to: V4V,
          threshold: THRESHOLDS.slowSetup,
        },
      },
      {
        label: 'of many V2V set-ups at once some are refused',
        role: 'context',
        quantifier: 'some',
        test: { kind: 'outcome', scenarios: ['setup-storm'], of: V2V, any: ['stalled'] },
      },
      {
        label: 'of many libvchan set-ups at once some are refused',
        role: 'context',
        quantifier: 'some',
        test: { kind: 'outcome', scenarios: ['setup-storm'], of: LIBVCHAN, any: ['stalled'] },
      },
      {
        label: 'of many V4V set-ups at once some are refused',
        role: 'context',
        quantifier: 'some',
        test: { kind: 'outcome', scenarios: ['setup-storm'], of: V4V, any: ['stalled'] },
      },
      {
        label: 'set-up time of libvchan',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'setupNs',
          scenarios: ['setup'],
          of: LIBVCHAN,
          to: V4V,
          threshold: THRESHOLDS.slowSetup,
        },
      },
    ],
    note: 'libvchan has no such state machine: a node or two, and a live flag in the shared page. Set-up time is as good as the price of a xenstore operation, an estimate. A V4V survivor is not told that its peer died, and waits for a time-out of its own.',
  },
  {
    id: 'xenstore-visibility',
    title: "Domains must see each other's xenstore",
    statement:
      "To connect by xenstore, dom0 has to let each of the two domains look into the other's part of it.",
    place: 'section 1, downsides of shared memory, third item, second half',
    supportedBy: 'xenstore operations for each connection of V2V, and none for V4V',
    contradictedBy: 'a V2V connection without xenstore, or a V4V connection through it',
    parts: [
      {
        label: 'V2V goes through xenstore',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'xenstoreOperationsPerConnection',
          scenarios: ['setup'],
          of: V2V,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      {
        label: 'V4V does not',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'xenstoreOperationsPerConnection',
          scenarios: ['setup'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: 'libvchan goes through xenstore',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'xenstoreOperationsPerConnection',
          scenarios: ['setup'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
    ],
    note: 'What is counted is the use of xenstore. Whose nodes they are is in the protocols: V2V reads and watches nodes of both sides, a libvchan client two of the server.',
  },
  {
    id: 'map-per-transfer',
    title: 'Mapping for each transfer costs TLB flushes',
    statement:
      'Where pages are mapped for each transfer, address mappings change each time, the TLB is flushed and misses follow, and that is expensive.',
    place: 'section 1, downsides of shared memory, fourth item',
    supportedBy: 'a flush for each message, and a large share of CPU time in TLB work',
    contradictedBy: 'no flushes, or flushes that hardly cost anything',
    parts: [
      {
        label: 'it flushes',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'tlbFlushesPerMessage',
          scenarios: ['grant-mode'],
          of: MAPPED_EACH_TIME,
          threshold: THRESHOLDS.some,
        },
      },
      {
        label: 'the TLB is what costs',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'value',
          metric: 'share:tlb',
          scenarios: ['grant-mode'],
          of: MAPPED_EACH_TIME,
          threshold: THRESHOLDS.expensiveShare,
        },
      },
      {
        label: 'it costs CPU time against V4V',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'cpuNsPerByte',
          scenarios: ['grant-mode'],
          of: MAPPED_EACH_TIME,
          to: V4V,
          threshold: THRESHOLDS.marked,
        },
      },
      {
        label: 'libvchan does not flush',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'tlbFlushesPerMessage',
          scenarios: ['grant-mode'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: 'V4V does not flush',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'tlbFlushesPerMessage',
          scenarios: ['grant-mode'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
    ],
    note: "It is no charge against libvchan or V2V's own rings, which are mapped once. GNTTABOP_copy (--grant-mode copy) flushes nothing either.",
  },
];
