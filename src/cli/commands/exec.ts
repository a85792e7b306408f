import type { Command } from '../command.js';
import { MACHINE_OPTIONS } from '../sockets/machine-option-list.js';

export const exec: Command = {
  name: 'exec',
  summary: 'Runs a program, unmodified, with chosen TCP connections carried over a transport',
  positional: {
    name: 'program',
    describe: 'behind two dashes: the program and its arguments',
    many: true,
    behindDashes: true,
    candidates: 'files',
  },
  options: [
    {
      name: 'map',
      describe:
        'HOST:PORT=ADDRESS: what connects to the first is dialled by the other domain at the second; may be repeated',
    },
    {
      name: 'serve',
      describe:
        'HOST:PORT: a program that listens there does so in the other domain, and is reached over the transport only; may be repeated',
    },
    ...MACHINE_OPTIONS,
    { name: 'summary', flag: true, describe: 'say at the end what was carried' },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no notes' },
  ],
  examples: [
    ['interdom exec -t v4v --map 127.0.0.1:22=127.0.0.1:22 -- ssh 127.0.0.1', 'a login over V4V'],
    [
      'interdom exec --map example.org:80=127.0.0.1:8080 --summary -- curl http://example.org/',
      'a name stands for all its addresses',
    ],
    [
      "interdom exec -t v2v --serve 127.0.0.1:8000 -- sh -c 'python3 -m http.server 8000 & sleep 1; curl http://127.0.0.1:8000/; kill $!'",
      'both ends: server and client, as they are',
    ],
  ],
  async run(invocation) {
    const { runInterposed } = await import('../sockets/run-interposed.js');
    return runInterposed(invocation);
  },
};
