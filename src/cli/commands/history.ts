import type { Command } from '../command.js';

export const HISTORY_ACTIONS = ['add', 'show', 'report'] as const;
export const HISTORY_FILE = 'results/history.ndjson';

export const history: Command = {
  name: 'history',
  summary: 'Follows figures over runs: keeps them, finds where they changed, draws them',
  positional: {
    name: 'action',
    describe: 'add RUN..., show, or report',
    many: true,
    required: true,
    candidates: HISTORY_ACTIONS,
  },
  options: [
    {
      name: 'file',
      describe: 'the history: a line a run, which only grows',
      default: HISTORY_FILE,
      candidates: 'files',
    },
    {
      name: 'metric',
      alias: 'm',
      describe: 'add: figures that are kept; show, report: figures that are looked at',
      default: 'the main ones',
      candidates: 'metrics',
    },
    {
      name: 'cell',
      describe: 'show, report: only cells like that; * is any text, e.g. */ping-pong/*',
      default: 'all',
    },
    { name: 'all', flag: true, describe: 'show: figures that never changed as well' },
    {
      name: 'out',
      describe: 'report: folder',
      default: 'reports/out/history',
      candidates: 'files',
    },
    {
      name: 'format',
      alias: 'f',
      describe: 'show: table or json',
      default: 'table',
      candidates: ['table', 'json'],
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom history add latest', 'after each run on the main branch'],
    ['interdom history show', 'what changed, from which commit on'],
    ['interdom history report --cell "*/ping-pong/*" --out trends', 'charts as a page and as PNG'],
  ],
  async run(invocation) {
    const { keepHistory } = await import('../history/keep-history.js');
    return keepHistory(invocation);
  },
};
