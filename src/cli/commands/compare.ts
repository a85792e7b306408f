import type { Command } from '../command.js';

export const COMPARE_FORMATS = ['table', 'md', 'csv', 'json'] as const;

export const compare: Command = {
  name: 'compare',
  summary: 'One run: transports side by side; two runs: before and after',
  positional: {
    name: 'run',
    describe: 'one or two results files; "latest" is the newest under results/runs/',
    many: true,
    required: true,
    candidates: 'runs',
  },
  options: [
    { name: 'rows', describe: 'fields that make the rows', default: 'all that vary' },
    { name: 'cols', describe: 'fields that make the columns', default: 'transport, or run' },
    {
      name: 'metric',
      alias: 'm',
      describe: 'figures to show',
      default: 'the main ones of each scenario',
      candidates: 'metrics',
    },
    { name: 'filter', describe: 'field=value: only cells like that; may be repeated' },
    {
      name: 'format',
      alias: 'f',
      describe: 'table, md, csv, json',
      default: 'table',
      candidates: COMPARE_FORMATS,
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom compare latest', 'transports of the newest run at equal ring size'],
    ['interdom compare before.json after.json -m latencyNsP99', 'what a change has done'],
  ],
  async run(invocation) {
    const { compareRuns } = await import('../compare/compare-runs.js');
    return compareRuns(invocation);
  },
};
