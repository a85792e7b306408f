import type { Command } from '../command.js';

/** What can be listed. */
export const LISTS = [
  'transports',
  'scenarios',
  'profiles',
  'testbeds',
  'metrics',
  'claims',
] as const;

export const list: Command = {
  name: 'list',
  summary: `Says what there is: ${LISTS.join(', ')}`,
  positional: {
    name: 'what',
    describe: `${LISTS.join(', ')}; names after it for all about them`,
    required: true,
    many: true,
    candidates: LISTS,
  },
  options: [
    {
      name: 'format',
      alias: 'f',
      describe: 'table, or json with every detail',
      default: 'table',
      candidates: ['table', 'json'],
    },
  ],
  examples: [
    ['interdom list scenarios', 'what can be measured, and the settings of each scenario'],
    ['interdom list transports v4v', 'one transport, and its settings'],
    ['interdom list profiles zen4-2023', 'every price of one profile, with its source'],
  ],
  async run(invocation) {
    const { listThings } = await import('../list/list-things.js');
    return listThings(invocation);
  },
};
