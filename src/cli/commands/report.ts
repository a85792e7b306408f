import type { Command } from '../command.js';

export const report: Command = {
  name: 'report',
  summary: 'Draws index.html, PNG and SVG charts, report.md and cells.csv from results files',
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
    {
      name: 'show',
      describe:
        'field=value: the run, testbed, profile, guestType, placement or grantMode that the page opens with and pictures show; may be repeated',
      default: 'that with most cells',
    },
    {
      name: 'each',
      flag: true,
      describe: 'pictures of every testbed, profile and guest type besides, in a folder each',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'print no paths' },
  ],
  examples: [
    ['interdom report latest --out report', 'the newest run as a page and pictures'],
    [
      'interdom report full.json --show profile=zen4-2023 --show guest-type=pv',
      'what pictures show',
    ],
  ],
  async run(invocation) {
    const { drawReport } = await import('../report/draw-report.js');
    return drawReport(invocation);
  },
};
