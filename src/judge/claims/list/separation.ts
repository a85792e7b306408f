import type { Claim, ClaimPart, Side } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, V2V, V4V } from '../transports.js';

/** Whether some noise makes the 99th percentile of a neighbour's round trips longer. */
function slower(label: string, of: Side, noise: string): ClaimPart {
  return {
    label,
    role: 'context',
    quantifier: 'some',
    test: {
      kind: 'contrast',
      metric: 'latencyNsP99',
      scenarios: ['noisy-neighbour'],
      of,
      parameter: 'noise',
      values: [noise, 'none'],
      threshold: THRESHOLDS.marked,
    },
  };
}

/** Section 2: memory, rings and event channels of domains are kept apart. */
export const SEPARATION: readonly Claim[] = [
  {
    id: 'isolation',
    title: "A domain never sees another's memory",
    statement:
      'V4V isolates domains much better: none ever sees memory of another, and all goes through Xen, which is trusted anyway.',
    place: 'section 2, fourth reason',
    supportedBy: 'no page open to the peer with V4V, some with the others',
    contradictedBy: 'a page of V4V that the peer can reach',
    parts: [
      {
        label: 'pages of V4V open to the peer',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'pagesExposedToPeer',
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
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
        label: 'pages in reach in page tables, V4V',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'pagesReadable',
          scenarios: ['isolation'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: 'in reach of a libvchan peer that does not let go after the close',
        role: 'context',
        quantifier: 'some',
        test: {
          kind: 'value',
          metric: 'pagesReadableAfterClose',
          scenarios: ['isolation'],
          of: LIBVCHAN,
          threshold: THRESHOLDS.anyAtAll,
        },
      },
      slower('domains that die delay V4V between others', V4V, 'destroy'),
      slower('domains that die delay libvchan between others', LIBVCHAN, 'destroy'),
      slower("a huge V4V message delays others on the sender's pCPU", V4V, 'large-send-beside'),
      slower(
        "a huge libvchan message delays others on the sender's pCPU",
        LIBVCHAN,
        'large-send-beside',
      ),
    ],
    note: 'The pages that libvchan opens are those of its ring: the peer sees what was sent to it, and no more. That V4V goes through Xen has a price for third parties: a global lock and copies that nothing preempts.',
  },
  {
    id: 'trusted-ring',
    title: 'The ring of V4V can be trusted',
    statement: 'Since only Xen and its owner write a V4V ring, its structure can be relied on.',
    place: 'section 2, fourth reason, last sentence',
    supportedBy: 'hostile peers that harm nobody but themselves',
    contradictedBy: 'a hostile peer that spoils a ring or stops its owner',
    parts: [
      {
        label: 'states that corrupt data',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'statesCorrupted',
          scenarios: ['hostile-peer'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: 'states that stop the owner',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'statesVictimStopped',
          scenarios: ['hostile-peer'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: 'states that reach beyond the ring',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'statesEscaped',
          scenarios: ['hostile-peer'],
          of: V4V,
          threshold: THRESHOLDS.none,
        },
      },
      {
        label: "a bystander's connection goes on",
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['hostile-peer'],
          of: V4V,
          says: { field: 'bystander', values: ['goes on'] },
        },
      },
      slower('a flooding client delays others of a V4V server', V4V, 'flood'),
      slower('a flooding client delays others of a libvchan server', LIBVCHAN, 'flood'),
    ],
    note: 'A wildcard ring can be filled by any domain. In noisy-neighbour with flood its owner empties it faster than one client fills it, and does not fall asleep meanwhile, so that round trips get shorter; with eight clients that flood they take a little longer than without.',
  },
  {
    id: 'event-channels',
    title: 'No event channel a connection',
    statement: 'V4V signals by one virtual interrupt a domain, so event channels cannot run out.',
    place: 'section 2, fifth reason',
    supportedBy: 'event channels of V4V that grow with the domains, not with the connections',
    contradictedBy: 'channels of V4V that grow with its connections, or run out',
    parts: [
      {
        label: 'channels of V4V',
        role: 'decides',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'eventChannelsUsed',
          per: 'senders',
          scenarios: ['fan-in'],
          of: V4V,
          threshold: THRESHOLDS.onePerDomain,
        },
      },
      {
        label: 'against libvchan',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'eventChannelsUsed',
          scenarios: ['fan-in'],
          of: LIBVCHAN,
          to: V4V,
          threshold: THRESHOLDS.marked,
        },
      },
      {
        label: 'V4V does not run out of them where they are scarce',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['channel-depletion'],
          where: { scarce: ['event channels'] },
          of: V4V,
          says: { field: 'stoppedBy', values: ['nothing', 'rings a domain'] },
        },
      },
      {
        label: 'libvchan does',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['channel-depletion'],
          where: { scarce: ['event channels'] },
          of: LIBVCHAN,
          says: { field: 'stoppedBy', values: ['event channels'] },
        },
      },
      {
        label: 'V2V does',
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['channel-depletion'],
          where: { scarce: ['event channels'] },
          of: V2V,
          says: { field: 'stoppedBy', values: ['event channels'] },
        },
      },
      {
        label: "connections between two domains at Xen's own limits, against libvchan's",
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'ratio',
          metric: 'connections',
          scenarios: ['channel-depletion'],
          where: { scarce: ['as delivered'] },
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.notFewer,
        },
      },
      {
        label: "V4V at Xen's own limits",
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'connections',
          per: 'senders',
          scenarios: ['fan-in'],
          where: { limits: ['default'] },
          of: V4V,
          threshold: THRESHOLDS.everybody,
        },
        run: 'interdom run fan-in --set limits=default --set senders=1200',
      },
      {
        label: "libvchan at Xen's own limits",
        role: 'context',
        quantifier: 'always',
        test: {
          kind: 'value',
          metric: 'connections',
          per: 'senders',
          scenarios: ['fan-in'],
          where: { limits: ['default'] },
          of: LIBVCHAN,
          threshold: THRESHOLDS.everybody,
        },
        run: 'interdom run fan-in --set limits=default --set senders=1200',
      },
    ],
    note: "The whole machine is counted: each V4V domain binds one channel for its VIRQ; a libvchan connection takes one at each end, a V2V connection two. What stops V4V is Argo's own limit, 128 rings a domain, which the V4V of 2012 had not; what stops libvchan at Xen's own limits is xenstore's quota of nodes, long before event channels.",
  },
];
