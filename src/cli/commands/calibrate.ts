import type { Command } from '../command.js';

export const calibrate: Command = {
  name: 'calibrate',
  summary: 'Measures this host as a profile: copies, cache lines, wake-ups, TLB, exits',
  options: [
    {
      name: 'like',
      describe: 'profile from which comes what this host cannot tell',
      default: 'skylake-2017',
      candidates: 'profiles',
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'profile file, for --profile of run; - is standard output',
      default: 'results/profiles/HOST.json',
      candidates: 'files',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom calibrate', 'some seconds; best on a machine that does nothing else'],
    ['interdom run stream --profile results/profiles/HOST.json', 'the model with these prices'],
  ],
  async run(invocation) {
    const { calibrateThisHost } = await import('../calibrate/calibrate-this-host.js');
    return calibrateThisHost(invocation);
  },
};
