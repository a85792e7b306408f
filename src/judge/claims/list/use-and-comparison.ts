import { PROGRAM_SCENARIO } from '../../../results/program-scenario.js';
import type { Claim, OutcomeTest, Side } from '../claim.js';
import { THRESHOLDS } from '../thresholds.js';
import { LIBVCHAN, V4V } from '../transports.js';

const STREAM_WORK = ['buffer-size', 'stream'];
const MESSAGE_WORK = ['message-rate', 'ping-pong'];

/** Real programs, unmodified, over a transport (interdom programs). */
function realPrograms(of: Side, works: boolean): OutcomeTest {
  return {
    kind: 'outcome',
    scenarios: [PROGRAM_SCENARIO],
    of,
    says: { field: 'works', values: [works] },
  };
}

/** Section 2, last reasons, and section 3: how it is used, and how the two compare. */
export const USE_AND_COMPARISON: readonly Claim[] = [
  {
    id: 'natural-api',
    title: 'Natural on Windows and UNIX',
    statement:
      'V4V fits what programs know: files on Windows (ReadFile, WriteFile), sockets on UNIX.',
    place: 'section 2, seventh reason, first sentence',
    supportedBy: 'byte streams and whole messages that work through one driver',
    contradictedBy: 'semantics of either that V4V cannot have',
    parts: [
      {
        label: 'byte streams',
        role: 'decides',
        quantifier: 'always',
        test: { kind: 'works', of: V4V, scenarios: STREAM_WORK },
      },
      {
        label: 'whole messages',
        role: 'decides',
        quantifier: 'always',
        test: { kind: 'works', of: V4V, scenarios: MESSAGE_WORK },
      },
      {
        label: 'on Windows',
        role: 'decides',
        quantifier: 'always',
        test: { kind: 'open', why: 'there is no Windows guest, and no model of one' },
      },
      {
        label: 'byte streams over libvchan',
        role: 'context',
        quantifier: 'always',
        test: { kind: 'works', of: LIBVCHAN, scenarios: STREAM_WORK },
      },
    ],
    note: 'How natural it is, no count can say. libvchan is a library with a file descriptor to wait on, and streams as well.',
  },
  {
    id: 'tcp-semantics',
    title: 'TCP/IP semantics',
    statement: 'V4V behaves like TCP/IP, so there is no new protocol to learn.',
    place: 'section 2, seventh reason, second sentence',
    supportedBy: 'connect, accept, refusal, close and reset as with TCP',
    contradictedBy: 'an end that TCP would report and V4V does not',
    parts: [
      {
        label: 'connecting and closing',
        role: 'decides',
        quantifier: 'always',
        test: { kind: 'works', of: V4V, scenarios: ['setup'] },
      },
      {
        label: 'coming back after a restart',
        role: 'needed',
        quantifier: 'always',
        test: {
          kind: 'outcome',
          scenarios: ['reconnect'],
          of: V4V,
          says: { field: 'dataFlowsAgain', values: [true] },
        },
      },
      {
        label: 'the death of a peer is reported',
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
        label: 'real programs',
        role: 'decides',
        quantifier: 'always',
        test: realPrograms(V4V, true),
      },
    ],
    note: 'TCP, too, learns of a silent death only by a timeout or by sending.',
  },
  {
    id: 'interposition',
    title: 'Any network program, unmodified',
    statement:
      'A preloaded library puts V4V under the socket calls, so that network programs run over it as they are: ssh, a browser, D-Bus and X11 did.',
    place: 'section 2, eighth reason',
    supportedBy: 'unmodified programs that work over V4V',
    contradictedBy: 'programs that fail over V4V and not over TCP',
    parts: [
      {
        label: 'programs over V4V',
        role: 'needed',
        quantifier: 'always',
        test: realPrograms(V4V, true),
      },
    ],
  },
  {
    id: 'libvchan-interposition',
    title: 'The same would be very hard over libvchan',
    statement: 'To run unmodified network programs over libvchan would be very hard.',
    place: 'section 2, eighth reason, last sentence',
    supportedBy: 'programs that work over V4V and not over libvchan',
    contradictedBy: 'unmodified programs that work over libvchan',
    parts: [
      {
        label: 'programs fail over libvchan',
        role: 'needed',
        quantifier: 'some',
        test: realPrograms(LIBVCHAN, false),
      },
    ],
    note: "Xen's own vchan-socket-proxy (since 4.13) carries UNIX sockets over libvchan, which answers part of it.",
  },
  {
    id: 'close-at-equal-buffers',
    title: 'Pretty close at equal buffer size',
    statement:
      'V4V and libvchan perform nearly alike in benchmarks if both have buffers of the same size.',
    place: 'section 3, first paragraph (the headline)',
    supportedBy: 'throughput and round trips within 25 % of each other at equal effective rings',
    contradictedBy: 'larger differences nearly everywhere',
    parts: [
      {
        label: 'throughput of streams',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'bytesPerSecond',
          scenarios: ['buffer-size', 'stream'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
      {
        label: 'round trips',
        role: 'decides',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'latencyNsP50',
          scenarios: ['ping-pong'],
          of: V4V,
          to: LIBVCHAN,
          threshold: THRESHOLDS.close,
        },
      },
      {
        label: 'V4V at least as fast, streams',
        role: 'context',
        quantifier: 'general',
        test: {
          kind: 'ratio',
          metric: 'bytesPerSecond',
          scenarios: ['buffer-size', 'stream'],
          of: V4V,
          to: LIBVCHAN,
          threshold: { least: 1, words: 'at least as fast' },
        },
      },
    ],
    note: 'The proposal does not say what was benchmarked, and gives no figures. Its stream driver may have gathered small writes (--set coalesceBytes=64k); each write is a hypercall here otherwise.',
  },
  {
    id: 'coexist',
    title: 'V4V and libvchan solve different problems',
    statement:
      'Neither is superior: the two are no clones of each other, and each has problems that it solves better.',
    place: 'section 3, conclusion',
    supportedBy: 'needs for which V4V is the better choice, and others for which libvchan is',
    contradictedBy: 'one of the two leading in everything that was measured',
    conjunction: true,
    parts: [
      {
        label: 'V4V is the better choice',
        role: 'needed',
        quantifier: 'some',
        test: { kind: 'leads', of: V4V },
      },
      {
        label: 'libvchan is the better choice',
        role: 'needed',
        quantifier: 'some',
        test: { kind: 'leads', of: LIBVCHAN },
      },
    ],
    note: 'The table of who should use which stands below the claims.',
  },
];
