import type { Command } from '../command.js';
import { MACHINE_OPTIONS } from '../sockets/machine-option-list.js';

export const programs: Command = {
  name: 'programs',
  summary:
    'Uses real programs, unmodified, over each transport and without: works, how fast, at what cost',
  positional: {
    name: 'program',
    describe: 'which of them: all where none is named',
    many: true,
    candidates: ['openssh', 'http', 'redis', 'iperf3', 'dbus', 'x11'],
  },
  options: [
    {
      name: 'transport',
      alias: 't',
      describe: 'transports to try',
      default: 'v4v,libvchan,v2v',
      candidates: ['v4v', 'libvchan', 'v2v'],
    },
    {
      name: 'way',
      describe: 'how: server and client interposed as by exec, or the client through a tunnel',
      default: 'exec',
      candidates: ['exec', 'tunnel'],
    },
    ...MACHINE_OPTIONS.filter(({ name }) => name !== 'transport'),
    { name: 'output', alias: 'o', describe: 'results file to write', candidates: 'files' },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom programs', 'all programs that this machine has'],
    ['interdom programs http --way exec,tunnel --inject profile', 'both ways, with delays'],
    ['interdom programs openssh redis -o programs.json', 'two of them, for report and claims'],
  ],
  async run(invocation) {
    const { usePrograms } = await import('../programs/use-programs.js');
    return usePrograms(invocation);
  },
};
