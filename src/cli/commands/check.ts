import type { Command } from '../command.js';

export const CHECK_FORMATS = ['table', 'json', 'md'] as const;
/** Where the committed references are kept. */
export const BASELINE_FOLDER = 'results/baseline';

export const check: Command = {
  name: 'check',
  summary: 'Regression gate: is a run as good as its baseline?',
  positional: {
    name: 'run',
    describe: 'a results file; "latest" is the newest under results/runs/',
    required: true,
    candidates: 'runs',
  },
  options: [
    {
      name: 'baseline',
      alias: 'b',
      describe: 'the reference: a baseline, a folder of them, or the results file of another run',
      default: BASELINE_FOLDER,
      candidates: 'files',
    },
    {
      name: 'strict',
      flag: true,
      describe: 'any change fails, for the better as well: the baseline must be updated',
    },
    {
      name: 'partial',
      flag: true,
      describe: 'cells of the baseline that the run does not have were not asked for',
    },
    {
      name: 'only',
      describe: 'only figures like that: cell:metric, in which * is any text',
      default: 'all',
    },
    {
      name: 'harness',
      flag: true,
      describe: "judge the harness's own speed on this host, too (sampled)",
    },
    {
      name: 'noise',
      describe: 'noise floor of sampled figures, from interdom noise',
      candidates: 'files',
    },
    {
      name: 'sample-budget',
      describe: 'seconds for further samples before a figure is called inconclusive',
      default: '20',
    },
    { name: 'junit', describe: 'write JUnit XML, a test case a cell', candidates: 'files' },
    {
      name: 'summary',
      describe: 'write Markdown; added to $GITHUB_STEP_SUMMARY where that is named',
      candidates: 'files',
    },
    {
      name: 'annotations',
      describe: 'print annotations for: github',
      candidates: ['github'],
    },
    { name: 'sarif', describe: 'write SARIF 2.1.0 for code scanning', candidates: 'files' },
    {
      name: 'format',
      alias: 'f',
      describe: 'what is printed: table, json, md',
      default: 'table',
      candidates: CHECK_FORMATS,
    },
    { name: 'cells', describe: 'cells shown with their figures', default: '10' },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom check latest', 'the newest run against the committed baseline'],
    ['interdom check after.json --baseline before.json', 'against another run'],
    ['interdom check r.json --strict --junit junit.xml', 'in CI: any change must be committed'],
    [
      'interdom check r.json --annotations github --summary "$GITHUB_STEP_SUMMARY"',
      'in a GitHub workflow',
    ],
  ],
  async run(invocation) {
    const { checkRun } = await import('../check/check-run.js');
    return checkRun(invocation);
  },
};
