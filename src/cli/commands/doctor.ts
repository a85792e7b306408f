import type { Command } from '../command.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Says what this machine can run, and what is missing for the rest',
  options: [
    {
      name: 'format',
      alias: 'f',
      describe: 'table or json',
      default: 'table',
      candidates: ['table', 'json'],
    },
  ],
  async run(invocation) {
    const { examine } = await import('../doctor/examine.js');
    return examine(invocation);
  },
};
