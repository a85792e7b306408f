import type { Claim } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, V2V, V4V } from '../transports.js';

/** Section 2, its first paragraphs: what V4V is. */
export const CONNECTIONS: readonly Claim[] = [
  {
    id: 'peer-vanishes',
    title: 'With V2V one may never learn that the peer is gone',
    statement:
      'V2V has no connections: when one end disappears, the other can only hope that xenstore will tell it. V4V does better.',
    place: 'section 2, first paragraph',
    supportedBy: 'V2V survivors that are not told, and V4V survivors that are',
    contradictedBy: 'V2V survivors that are told, or V4V survivors that are not',
    conjunction: true,
    parts: [
      {
        label: 'V2V may leave the survivor untold',
        role: 'needed',
        quantifier: 'some',
        test: {
          kind: 'outcome',
          scenarios: ['untold-survivor'],
          of: V2V,
          says: { field: 'told', values: ['never'] },
        },
      },
      {
        label: 'V4V tells the survivor',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['untold-survivor'],
          of: V4V,
          says: { field: 'told', values: ['yes'] },
        },
      },
      {
        label: 'libvchan tells the survivor',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['untold-survivor'],
          of: LIBVCHAN,
          says: { field: 'told', values: ['yes'] },
        },
      },
      {
        label: 'a V4V survivor learns it by sending',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['untold-survivor'],
          of: V4V,
          says: { field: 'learnsByAsking', values: [true] },
        },
      },
    ],
    note: 'When the only partner of a V4V ring dies, Xen removes the ring and signals nobody: a receiver that waits on it waits on. V2V survivors are told when the toolstack removes the state node of the dead: how soon is an estimate, and needs dom0.',
  },
  {
    id: 'one-to-many',
    title: 'One server, many clients',
    statement: 'V4V serves connections from one domain to many.',
    place: 'section 2, second paragraph',
    supportedBy: 'every sender connected and served, through few resources',
    contradictedBy: 'senders that a limit keeps out',
    parts: [
      {
        label: 'all senders get in',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'connections',
          per: 'senders',
          scenarios: ['fan-in'],
          of: V4V,
          threshold: THRESHOLDS.everybody,
        },
      },
      {
        label: 'all clients are served',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['one-to-many'],
          of: V4V,
          none: ['stalled', 'leaked', 'escaped'],
        },
      },
      {
        label: "all clients of libvchan are served, at Xen's own limits too",
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['one-to-many'],
          of: LIBVCHAN,
          none: ['stalled', 'leaked', 'escaped'],
        },
      },
      {
        label: "latency tail (99th percentile) no worse than libvchan's",
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'latencyNsP99',
          scenarios: ['one-to-many'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.parity,
        },
      },
      {
        label: "operations a message no more than libvchan's",
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'hypercallsPerMessage',
          scenarios: ['one-to-many'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.parity,
        },
      },
      {
        label: 'libvchan gets all in too',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'connections',
          per: 'senders',
          scenarios: ['fan-in'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.everybody,
        },
      },
      {
        label: "throughput against libvchan's",
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'bytesPerSecond',
          scenarios: ['fan-in', 'one-to-many'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.notSlower,
        },
      },
    ],
    note: 'It takes a wildcard ring, which Argo allows only with mac-permissive, since any domain may fill it. All clients share that ring: where their messages do not fit it together, Xen refuses sends (-EAGAIN, and -EBUSY from the 33rd waiting domain on), who tries again is served in no order, and the tail grows. A libvchan client has a ring of its own.',
  },
  {
    id: 'dom0-too',
    title: 'It works from dom0 too',
    statement: 'Any domain reaches any other by V4V in the same way, dom0 included.',
    place: 'section 2, second paragraph',
    supportedBy: 'traffic between dom0, a PV domain, and guests of either type, intact both ways',
    contradictedBy: 'a kind of guest that cannot talk with dom0',
    parts: [
      {
        label: 'dom0 (PV) and a PVH guest, either serving',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'works',
          scenarios: ['dom0-peer'],
          of: V4V,
          where: { guestType: ['pv:pvh', 'pvh:pv'] },
        },
      },
      {
        label: 'dom0 (PV) and a PV guest, either serving',
        role: 'decides',
        quantifier: 'always',
        test: { kind: 'works', scenarios: ['dom0-peer'], of: V4V, where: { guestType: ['pv'] } },
      },
      {
        label: 'libvchan from dom0',
        role: 'context',
        quantifier: 'always',
        test: { kind: 'works', scenarios: ['dom0-peer'], of: LIBVCHAN },
      },
      {
        label: 'V2V from dom0',
        role: 'context',
        quantifier: 'always',
        test: { kind: 'works', scenarios: ['dom0-peer'], of: V2V },
      },
      {
        label: "round trips with dom0 against libvchan's",
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'latencyNsP50',
          scenarios: ['dom0-peer'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
    ],
  },
];
