import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, V2V, V4V } from '../transports.js';

/** Section 1 of the proposal: the roadblocks that V2V met, and the order of destruction. */
export const SET_UP_AND_DESTRUCTION: readonly Claim[] = [
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
    supportedBy: 'V2V set-ups that do not end while the broker is down, and V4V set-ups that do',
    contradictedBy: 'V2V connecting without its broker, or V4V being stopped by the same outage',
    conjunction: true,
    parts: [
      {
        label: 'V2V cannot connect without it',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          where: { service: ['broker'], when: ['before', 'during'] },
          of: V2V,
          says: { field: 'newConnection', values: ['waits', 'refused'] },
        },
      },
      {
        label: 'V4V can',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          of: V4V,
          says: { field: 'newConnection', values: ['made', 'made before'] },
        },
      },
      {
        label: 'connections of V2V that are up go on',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          of: V2V,
          says: { field: 'existingConnection', values: ['goes on'] },
        },
      },
      {
        label: 'libvchan can',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          where: { service: ['broker'] },
          of: LIBVCHAN,
          says: { field: 'newConnection', values: ['made', 'made before'] },
        },
      },
      {
        label: 'libvchan can without xenstored',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['broker-outage'],
          where: { service: ['xenstored'], when: ['before', 'during'] },
          of: LIBVCHAN,
          says: { field: 'newConnection', values: ['made'] },
        },
      },
    ],
    note: 'libvchan has no broker. What it cannot do without is xenstored, and only at set-up.',
  },
  {
    id: 'symmetric-crash',
    title: 'Two domains that serve each other hold each other',
    statement:
      "With V2V, when each of two domains is the other's server and one crashes, the other can keep it from going, or cannot be destroyed itself, because it still maps pages.",
    place: 'section 1, list of roadblocks, second item (which grants that it may be mended by now)',
    supportedBy: 'zombies after a crash with V2V, none with V4V',
    contradictedBy: 'no zombie with V2V, or one with V4V',
    conjunction: true,
    parts: [
      {
        label: 'V2V leaves a zombie',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: V2V,
          says: { field: 'zombieLeft', values: [true] },
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
          says: { field: 'zombieLeft', values: [false] },
        },
      },
      {
        label: 'libvchan leaves one',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: LIBVCHAN,
          says: { field: 'zombieLeft', values: [true] },
        },
      },
      {
        label: 'the survivor of V2V can be destroyed',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['symmetric-crash'],
          of: V2V,
          says: { field: 'otherCanBeDestroyed', values: [true] },
        },
      },
    ],
    note: 'A V2V survivor lets go because the toolstack tells it; a libvchan survivor is told by nobody, and what it maps stays until it closes or is destroyed.',
  },
  {
    id: 'destroy-order',
    title: 'Grants put domains in an order of destruction',
    statement:
      'Who grants pages can be destroyed only after the peer has let go of them: sharing by grants imposes an order that nobody has written down.',
    place: 'section 1, downsides of shared memory, first item',
    supportedBy: 'a grantor that stays a zombie when it is destroyed first; no such order with V4V',
    contradictedBy: 'every order ending well with grants, or a zombie with V4V',
    conjunction: true,
    parts: [
      {
        label: 'libvchan has an order',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['server-first', 'client-first'] },
          of: LIBVCHAN,
          says: { field: 'zombieLeft', values: [true] },
        },
      },
      {
        label: 'V4V has none',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          of: V4V,
          says: { field: 'zombieLeft', values: [false] },
        },
      },
      {
        label: 'V2V has an order, with a peer that is well',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['server-first', 'client-first'] },
          of: V2V,
          says: { field: 'zombieLeft', values: [true] },
        },
      },
    ],
    note: 'A V2V client that is well is told, and unmaps within milliseconds.',
  },
  {
    id: 'hung-domains',
    title: 'A hung grantee hangs both for good',
    statement:
      'If the domain that maps the pages hangs or crashes without unmapping them, neither of the two can be got rid of.',
    place: 'section 1, downsides of shared memory, first item ("DEADBEEF")',
    supportedBy:
      'zombies behind a grantee that is hung or crashed, whatever one does; none with V4V',
    contradictedBy: 'destruction that ends in spite of a hung grantee, or a zombie with V4V',
    parts: [
      {
        label: 'a hung libvchan client holds the server',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['client-hung', 'client-crashed'] },
          of: LIBVCHAN,
          says: { field: 'zombieLeft', values: [true] },
        },
      },
      {
        label: 'a hung V2V client holds the server',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['client-hung', 'client-crashed'] },
          of: V2V,
          says: { field: 'zombieLeft', values: [true] },
        },
      },
      {
        label: 'even after the client is destroyed',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['client-hung', 'client-crashed'] },
          of: LIBVCHAN,
          says: { field: 'goneWithTheClient', values: [false] },
        },
      },
      {
        label: 'a hung V4V client holds nobody',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['destroy-order'],
          where: { order: ['client-hung', 'client-crashed'] },
          of: V4V,
          says: { field: 'zombieLeft', values: [false] },
        },
      },
    ],
  },
];
