import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, MAPPED_EACH_TIME, V2V, V4V } from '../transports.js';

/** Section 1 of the proposal: what was wrong with V2V, and with sharing pages by grants. */
export const WHY_V4V: readonly Claim[] = [
  {
    id: 'v2v-like-libvchan',
    title: 'V2V was much like libvchan',
    statement:
      'V2V, the design before V4V, is close kin to libvchan, so that what was learned from the one can be held against the other.',
    place: 'section 1, first paragraph',
    supportedBy: 'entries into the hypervisor and throughput of V2V near those of libvchan',
    contradictedBy: 'costs of V2V that libvchan has not',
    parts: [
      {
        label: 'entries a message',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'entriesPerMessage',
          of: V2V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
      {
        label: 'throughput',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'bytesPerSecond',
          scenarios: ['buffer-size', 'stream', 'message-rate', 'bidirectional'],
          of: V2V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
      {
        label: 'set-up time',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'setupNs',
          scenarios: ['setup'],
          of: V2V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
    ],
    note: 'Where V2V and libvchan differ, a charge against V2V is not one against libvchan.',
  },
  {
    id: 'broker',
    title: 'The broker is a single point of failure',
    statement:
      'A V2V connection needs a program in dom0 that prepares its xenstore nodes; while that is down, nobody can connect.',
    place: 'section 1, list of roadblocks, first item',
    supportedBy: 'V2V set-ups that stall while the broker is down, and V4V set-ups that do not',
    contradictedBy: 'V2V connecting without its broker, or V4V being stopped by the same outage',
    parts: [
      {
        label: 'V2V is stopped',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          of: V2V,
          any: ['stalled', 'peer untold'],
        },
      },
      {
        label: 'V4V is not',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          of: V4V,
          none: ['stalled', 'peer untold', 'leaked', 'escaped'],
        },
      },
      {
        label: 'nor is libvchan',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          of: LIBVCHAN,
          none: ['stalled', 'peer untold', 'leaked', 'escaped'],
        },
      },
    ],
    note: 'libvchan has no broker. What it cannot do without is xenstored, and only at set-up.',
  },
  {
    id: 'symmetric-crash',
    title: 'Two domains that serve each other hold each other',
    statement:
      "With V2V, when each of two domains is the other's server and one crashes, the other can keep it from being destroyed, because it still maps its pages.",
    place: 'section 1, list of roadblocks, second item (which grants that it may be mended by now)',
    supportedBy: 'zombies or leaked pages after a crash with V2V, none with V4V',
    contradictedBy: 'no zombie with V2V, or one with V4V',
    parts: [
      {
        label: 'V2V leaves a zombie',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: V2V,
          any: ['zombie', 'leaked'],
        },
      },
      {
        label: 'V4V leaves none',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: V4V,
          none: ['zombie', 'leaked'],
        },
      },
      {
        label: 'libvchan leaves one too',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: LIBVCHAN,
          any: ['zombie', 'leaked'],
        },
      },
    ],
  },
  {
    id: 'destroy-order',
    title: 'Grants put domains in an order of destruction',
    statement:
      'Who grants pages can be destroyed only after the peer has let go of them: sharing by grants imposes an order that nobody has written down.',
    place: 'section 1, downsides of shared memory, first item',
    supportedBy: 'a grantor that stays a zombie when it is destroyed first; no such order with V4V',
    contradictedBy: 'every order ending well with grants, or a zombie with V4V',
    parts: [
      {
        label: 'libvchan',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          of: LIBVCHAN,
          any: ['zombie', 'leaked'],
        },
      },
      {
        label: 'V2V',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          of: V2V,
          any: ['zombie', 'leaked'],
        },
      },
      {
        label: 'V4V has no order',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          of: V4V,
          none: ['zombie', 'leaked'],
        },
      },
    ],
  },
  {
    id: 'hung-domains',
    title: 'A hung grantee hangs both',
    statement:
      'If the domain that maps the pages hangs or crashes without unmapping them, neither of the two can be got rid of.',
    place: 'section 1, downsides of shared memory, first item ("DEADBEEF")',
    supportedBy: 'zombies behind a grantee that is hung or crashed; none with V4V',
    contradictedBy: 'destruction that ends in spite of a hung grantee, or a zombie with V4V',
    parts: [
      {
        label: 'libvchan',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          mentions: ['hung', 'hang'],
          of: LIBVCHAN,
          any: ['zombie', 'leaked'],
        },
      },
      {
        label: 'V2V',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          mentions: ['hung', 'hang'],
          of: V2V,
          any: ['zombie', 'leaked'],
        },
      },
      {
        label: 'V4V is not held',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          mentions: ['hung', 'hang'],
          of: V4V,
          none: ['zombie', 'leaked'],
        },
      },
    ],
    note: 'Destroying the grantee frees the grantor in Xen: both are held only while nobody destroys the hung one.',
  },
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
        label: 'harm done by a hostile libvchan peer',
        role: 'decides',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['hostile-peer'],
          of: LIBVCHAN,
          any: ['stalled', 'corrupted but contained', 'escaped'],
        },
      },
      {
        label: 'libvchan keeps it inside the ring',
        role: 'context',
        quantifier: 'always',
        test: { kind: 'outcome', scenarios: ['hostile-peer'], of: LIBVCHAN, none: ['escaped'] },
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
        label: 'recovery after a restart',
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
        label: 'V2V gets stuck',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['reconnect', 'setup-storm'],
          of: V2V,
          any: ['stalled', 'peer untold', 'leaked', 'zombie'],
        },
        run: 'interdom run reconnect setup-storm',
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
    note: 'libvchan has no such state machine: a node or two, and a live flag in the shared page. Set-up time is as good as the price of a xenstore operation, an estimate.',
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
