import type { Command } from '../command.js';
import { MACHINE_OPTIONS } from '../sockets/machine-option-list.js';

export const tunnel: Command = {
  name: 'tunnel',
  summary: 'Carries connections of any program over a transport between two live domains',
  options: [
    {
      name: 'listen',
      describe: 'where programs connect: HOST:PORT, or a path',
      candidates: 'files',
    },
    {
      name: 'to',
      describe: 'where the other domain connects: HOST:PORT, or a path',
      candidates: 'files',
    },
    ...MACHINE_OPTIONS,
    {
      name: 'expose',
      flag: true,
      describe: 'let other hosts in: without it only addresses of this host are listened at',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    [
      'interdom tunnel -t v4v --listen 127.0.0.1:8022 --to 127.0.0.1:22',
      'then: ssh -p 8022 127.0.0.1',
    ],
    ['interdom tunnel --listen /tmp/x.sock --to 127.0.0.1:6000', 'from a UNIX socket to TCP'],
    [
      'interdom tunnel -t v2v --limits raised --listen 127.0.0.1:8080 --to 127.0.0.1:80',
      'a thousand connections at once',
    ],
  ],
  async run(invocation) {
    const { openTunnel } = await import('../sockets/open-tunnel.js');
    return openTunnel(invocation);
  },
};
