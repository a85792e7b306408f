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
    {
      name: 'apt-packages',
      flag: true,
      describe: 'only the names of Debian packages that are missing, a line each',
    },
  ],
  async run(invocation) {
    const { examine } = await import('../doctor/examine.js');
    return examine(invocation);
  },
};
