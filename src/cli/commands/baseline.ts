import type { Command } from '../command.js';
import { BASELINE_FOLDER } from './check.js';

export const BASELINE_ACTIONS = ['save', 'show', 'update'] as const;

export const baseline: Command = {
  name: 'baseline',
  summary: 'Keeps the committed reference of the regression gate',
  positional: {
    name: 'action',
    describe: 'save RUN, show [FILE], or update RUN',
    many: true,
    required: true,
    candidates: BASELINE_ACTIONS,
  },
  options: [
    {
      name: 'output',
      alias: 'o',
      describe: 'save: file, or folder for a file a testbed and profile',
      default: BASELINE_FOLDER,
      candidates: 'files',
    },
    {
      name: 'baseline',
      alias: 'b',
      describe: 'update: the baseline, or the folder of them, that is brought up to date',
      default: BASELINE_FOLDER,
      candidates: 'files',
    },
    {
      name: 'prune',
      flag: true,
      describe: 'update: drop cells that the run does not have',
    },
    {
      name: 'harness',
      flag: true,
      describe: "keep the harness's own speed as well: good for one kind of host only",
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    [
      'interdom baseline save latest',
      `the newest run becomes the reference in ${BASELINE_FOLDER}/`,
    ],
    ['interdom baseline update latest', 'only what the run has, and say what moved and why'],
    ['interdom baseline show', 'what the committed reference holds'],
  ],
  async run(invocation) {
    const { keepBaseline } = await import('../baseline/keep-baseline.js');
    return keepBaseline(invocation);
  },
};
