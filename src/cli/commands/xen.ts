import type { Command } from '../command.js';
import { XEN_OPTIONS } from '../xen/xen-options.js';

export const XEN_ACTIONS = ['prepare'] as const;

export const xen: Command = {
  name: 'xen',
  summary: 'Makes real Xen ready: fetches and builds what the testbed xen boots',
  positional: {
    name: 'action',
    describe: 'prepare',
    required: true,
    candidates: XEN_ACTIONS,
  },
  options: [
    { name: 'force', flag: true, describe: 'build anew what is there already' },
    XEN_OPTIONS.hypervisor,
    XEN_OPTIONS.symbols,
    XEN_OPTIONS.arguments,
    XEN_OPTIONS.cache,
    {
      name: 'format',
      alias: 'f',
      describe: 'table or json',
      default: 'table',
      candidates: ['table', 'json'],
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no progress and no notes' },
  ],
  examples: [
    ['interdom xen prepare', 'once, before the first run --testbed xen: a minute or two'],
    ['interdom xen prepare --hypervisor xen.gz', 'the same for a hypervisor of your own'],
  ],
  async run(invocation) {
    const { prepareTestbed } = await import('../xen/prepare-testbed.js');
    return prepareTestbed(invocation);
  },
};
