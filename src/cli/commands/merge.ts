import type { Command } from '../command.js';

export const merge: Command = {
  name: 'merge',
  summary: 'Puts shards, or runs of different cells, together into one results file',
  positional: {
    name: 'run',
    describe: 'results files, two at least',
    many: true,
    required: true,
    candidates: 'runs',
  },
  options: [
    {
      name: 'output',
      alias: 'o',
      describe: 'results file; - is standard output',
      default: 'a dated file under results/runs/',
      candidates: 'files',
    },
    {
      name: 'partial',
      flag: true,
      describe: 'shards may be missing: the result then says that it is not complete',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    [
      'interdom merge part*.json --output all.json',
      'shards of run --shard i/n, in any order: the cells that one machine would have written',
    ],
  ],
  async run(invocation) {
    const { mergeFiles } = await import('../merge/merge-files.js');
    return mergeFiles(invocation);
  },
};
