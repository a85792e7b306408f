import type { Command } from '../command.js';

export const report: Command = {
  name: 'report',
  summary: 'Draws index.html, PNG charts, report.md and cells.csv from results files',
  positional: {
    name: 'run',
    describe: 'results files; "latest" is the newest under results/runs/',
    many: true,
    required: true,
    candidates: 'runs',
  },
  options: [
    {
      name: 'out',
      describe: 'folder for the report',
      default: 'reports/out/<id of the run>',
      candidates: 'files',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'print no paths' },
  ],
  examples: [['interdom report latest --out report', 'the newest run as a page and pictures']],
  async run(invocation) {
    const { drawReport } = await import('../report/draw-report.js');
    return drawReport(invocation);
  },
};
