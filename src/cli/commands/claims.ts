import type { Command } from '../command.js';

export const CLAIMS_FORMATS = ['text', 'md', 'json'] as const;

export const claims: Command = {
  name: 'claims',
  summary: 'Judges the statements of the V4V proposal by results files: runs nothing',
  positional: {
    name: 'run',
    describe: 'results files; "latest" is the newest under results/runs/',
    many: true,
    required: true,
    candidates: 'runs',
  },
  options: [
    { name: 'only', describe: 'claims by their ids', default: 'all' },
    {
      name: 'format',
      alias: 'f',
      describe: 'text (78 columns, to paste into a mail), md, or json with every cell',
      default: 'text',
      candidates: CLAIMS_FORMATS,
    },
    {
      name: 'details',
      flag: true,
      describe: 'text with every figure and the cells behind it; always so with --only',
    },
  ],
  examples: [
    ['interdom claims latest', 'the answer sheet of the newest run'],
    ['interdom claims quick.json failure.json', 'of several runs together'],
    ['interdom claims latest --only close-at-equal-buffers', 'the headline alone'],
  ],
  async run(invocation) {
    const { answerClaims } = await import('../claims/answer-claims.js');
    return answerClaims(invocation);
  },
};
