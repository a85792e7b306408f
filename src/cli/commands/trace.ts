import type { Command } from '../command.js';
import { XEN_OPTIONS } from '../xen/xen-options.js';

export const TRACE_FORMATS = ['text', 'svg'] as const;
export const TRACE_SPANS = ['message', 'connect'] as const;
export const TRACE_TESTBEDS = ['model', 'xen'] as const;

export const trace: Command = {
  name: 'trace',
  summary: 'One message, or one connection, as a sequence diagram',
  positional: {
    name: 'scenario',
    describe: 'scenario whose messages are shown; ping-pong where none is named',
    candidates: 'scenarios',
  },
  options: [
    {
      name: 'transport',
      alias: 't',
      describe: 'transport to show',
      default: 'libvchan',
      candidates: 'transports',
    },
    {
      name: 'what',
      describe: 'message (a round trip; in streams, a turn of the ring) or connect',
      default: 'message',
      candidates: TRACE_SPANS,
    },
    {
      name: 'testbed',
      describe: 'model; or xen: the model and real Xen side by side (ping-pong, or connect)',
      default: 'model',
      candidates: TRACE_TESTBEDS,
    },
    {
      name: 'profile',
      alias: 'p',
      describe: 'hardware generation: a name, or a JSON file of your own',
      default: 'skylake-2017; qemu-svm beside real Xen',
      candidates: 'profiles',
    },
    { name: 'ring-size', describe: 'bytes of ring asked for', default: "the scenario's" },
    { name: 'message-size', describe: 'payload of one message', default: "the scenario's" },
    {
      name: 'guest-type',
      describe: 'pv or pvh; pv:pvh sets server and client apart',
      default: 'pvh',
      candidates: ['pv', 'pvh', 'pv:pvh', 'pvh:pv'],
    },
    {
      name: 'grant-mode',
      describe: 'persistent, per-transfer, copy',
      default: 'persistent',
      candidates: ['persistent', 'per-transfer', 'copy'],
    },
    {
      name: 'placement',
      describe: 'own: a physical CPU for each vCPU; shared: one for all',
      default: 'own; shared beside real Xen',
      candidates: ['own', 'shared'],
    },
    {
      name: 'format',
      alias: 'f',
      describe: 'text or svg',
      default: 'text',
      candidates: TRACE_FORMATS,
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'file to write instead of standard output',
      candidates: 'files',
    },
    XEN_OPTIONS.hypervisor,
    XEN_OPTIONS.symbols,
    XEN_OPTIONS.arguments,
    XEN_OPTIONS.cache,
    {
      name: 'details',
      flag: true,
      describe: "how requests of xenstore travel, and dom0's entries into Xen",
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom trace', 'a round trip through libvchan'],
    ['interdom trace stream -t v4v --guest-type pv --ring-size 4k', 'a turn of the ring of V4V'],
    ['interdom trace --what connect -t v2v -f svg -o connect.svg', 'a connection, as a picture'],
    ['interdom trace ping-pong --testbed xen', 'the model beside real Xen'],
  ],
  async run(invocation) {
    const { traceScenario } = await import('../trace/trace-scenario.js');
    return traceScenario(invocation);
  },
};
