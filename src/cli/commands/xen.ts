import type { Command } from '../command.js';
import { XEN_OPTIONS } from '../xen/xen-options.js';

export const XEN_ACTIONS = ['prepare', 'record'] as const;

export const xen: Command = {
  name: 'xen',
  summary: 'Makes real Xen ready for the testbed xen, or records its counts as the reference',
  positional: {
    name: 'action',
    describe: 'prepare, record stock, or record argo',
    many: true,
    required: true,
    candidates: XEN_ACTIONS,
  },
  options: [
    { name: 'force', flag: true, describe: 'prepare: build anew what is there already' },
    {
      name: 'only',
      describe: 'record: only cells whose name has these words, such as "ping-pong pv"',
      default: 'all of the set',
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'record: results file',
      default: 'results/reference/SET.json; with --only it must be given',
      candidates: 'files',
    },
    XEN_OPTIONS.hypervisor,
    XEN_OPTIONS.symbols,
    XEN_OPTIONS.arguments,
    XEN_OPTIONS.cache,
    {
      name: 'format',
      alias: 'f',
      describe: 'prepare: table or json',
      default: 'table',
      candidates: ['table', 'json'],
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no progress and no notes' },
  ],
  examples: [
    ['interdom xen prepare', 'once, before the first run --testbed xen: a minute or two'],
    ['interdom xen prepare --hypervisor xen.gz', 'the same for a hypervisor of your own'],
    ['interdom xen record stock', 'count all cells that validate compares with anew'],
    ['interdom xen record stock --only "libvchan ping-pong pv" -o x.json', 'a few of them'],
  ],
  async run(invocation) {
    const { actOnXen } = await import('../xen/act-on-xen.js');
    return actOnXen(invocation);
  },
};
