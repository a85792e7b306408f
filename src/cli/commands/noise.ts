import type { Command } from '../command.js';

export const noise: Command = {
  name: 'noise',
  summary: 'Noise floor of sampled figures: how much they differ when nothing has changed',
  positional: {
    name: 'run',
    describe:
      "results files of one program on one host; without any, the harness's own speed is measured",
    many: true,
    candidates: 'runs',
  },
  options: [
    {
      name: 'runs',
      describe: 'processes in which the harness is measured',
      default: '6',
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'file for check --noise',
      default: 'none: only a table is printed',
      candidates: 'files',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom noise --output noise.json', 'six times the harness, a process each (A/A)'],
    ['interdom noise a.json b.json c.json', 'of runs that are there already'],
    ['interdom check r.json --harness --noise noise.json', 'the gate with that floor'],
  ],
  async run(invocation) {
    const { measureNoise } = await import('../noise/measure-noise.js');
    return measureNoise(invocation);
  },
};
