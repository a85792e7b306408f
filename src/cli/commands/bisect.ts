import type { Command } from '../command.js';

export const bisect: Command = {
  name: 'bisect',
  summary: 'Prints a script for git bisect run: finds the commit that made a figure worse',
  positional: {
    name: 'cell',
    describe: 'id of the cell, as check shows it; with :metric for one figure of it',
    required: true,
  },
  options: [
    {
      name: 'baseline',
      alias: 'b',
      describe: 'the reference: a baseline, a folder of them, or the results file of a good run',
      default: 'results/baseline',
      candidates: 'files',
    },
    {
      name: 'build',
      describe: 'what makes the program of a commit ready',
      default: 'npm ci',
    },
    {
      name: 'program',
      describe: 'how the program of a commit is called',
      default: 'node dist/src/cli/main.js',
    },
    {
      name: 'profile',
      describe: "instead of the cell's profile: a file of each commit",
      default: "the cell's",
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'file for the script',
      default: 'standard output',
      candidates: 'files',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    [
      'interdom bisect model/skylake-2017/v4v/ping-pong/ringSizeBytes=4096,...:latencyNsP50 -o /tmp/bisect.sh',
      'then, in a worktree: git bisect start BAD GOOD && git bisect run sh /tmp/bisect.sh',
    ],
  ],
  async run(invocation) {
    const { writeBisectScript } = await import('../bisect/write-bisect-script.js');
    return writeBisectScript(invocation);
  },
};
