import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Measured, Place, ProgramTrial } from './trial.js';

const MIB = 1024 * 1024;
const SCP_BYTES = 100 * MIB;
const PARTS = 40;
const PART_BYTES = 64 * 1024;
const REDIS_REQUESTS = 20_000;
const IPERF_SECONDS = 3;
/** What iperf3 writes at once over TCP: its requests, so to say. */
const IPERF_WRITE_BYTES = 128 * 1024;
const LOGINS = 3;
const CALLS = 10;

/** Carries out one request several times. */
async function repeated(times: number, request: () => Promise<{ ms: number }>): Promise<number[]> {
  const latencyNs: number[] = [];
  for (let i = 0; i < times; i++) latencyNs.push((await request()).ms * 1e6);
  return latencyNs;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const openssh: ProgramTrial = {
  name: 'openssh',
  summary: `login, and scp of ${SCP_BYTES / MIB} MiB with its checksum`,
  needs: ['sshd', 'ssh', 'scp', 'ssh-keygen'],
  packages: ['openssh-server', 'openssh-client'],
  async prepare(place) {
    const { folder } = place;
    for (const name of ['host', 'user']) {
      await place.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name));
    }
    writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')));
    writeFileSync(join(folder, 'sent'), randomBytes(SCP_BYTES));
  },
  start(place, port) {
    const { folder } = place;
    writeFileSync(
      join(folder, 'sshd_config'),
      [
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(folder, 'host')}`,
        `AuthorizedKeysFile ${join(folder, 'authorized')}`,
        'StrictModes no',
        'UsePAM no',
        `PidFile ${join(folder, 'pid')}`,
        'PasswordAuthentication no',
        'Subsystem sftp internal-sftp',
        '',
      ].join('\n'),
    );
    return place.serve('sshd', '-D', '-e', '-f', join(folder, 'sshd_config'));
  },
  async use(place, port) {
    const { folder } = place;
    const options = [
      ...['-F', 'none', '-i', join(folder, 'user'), '-o', 'StrictHostKeyChecking=no'],
      ...['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes'],
    ];
    const host = `${userInfo().username}@127.0.0.1`;
    const latencyNs = await repeated(LOGINS, async () => {
      const said = await place.run('ssh', ...options, '-p', String(port), host, 'echo here');
      if (said.text.trim() !== 'here') throw new Error(`the login said "${said.text.trim()}"`);
      return said;
    });
    const [sent, got] = [join(folder, 'sent'), join(folder, 'got')];
    const copied = await place.run('scp', ...options, '-P', String(port), sent, `${host}:${got}`);
    if (sha256(got) !== sha256(sent)) throw new Error('scp delivered another file');
    return { bytesPerSecond: SCP_BYTES / (copied.ms / 1000), latencyNs, requests: LOGINS + 1 };
  },
};

/** A server of files, in a process of its own. */
const PAGE_SERVER = `
const [, folder, port] = process.argv;
require('node:http').createServer((request, response) => {
  require('node:fs').createReadStream(folder + request.url).on('error', () => response.destroy()).pipe(response);
}).listen(Number(port), '127.0.0.1');
`;

const http: ProgramTrial = {
  name: 'http',
  summary: `curl loads a page of ${PARTS} parts, eight at a time`,
  needs: ['curl'],
  packages: ['curl'],
  async prepare(place) {
    mkdirSync(join(place.folder, 'page'));
    for (let i = 0; i < PARTS; i++) {
      writeFileSync(join(place.folder, 'page', `part${i}`), randomBytes(PART_BYTES));
    }
  },
  start(place, port) {
    const folder = `${join(place.folder, 'page')}/`;
    return place.serve(process.execPath, '-e', PAGE_SERVER, folder, String(port));
  },
  async use(place, port) {
    const { folder } = place;
    const page = `http://127.0.0.1:${port}/part[0-${PARTS - 1}]`;
    const loaded = await place.run(
      'curl',
      ...['--silent', '--show-error', '--fail', '--parallel', '--parallel-max', '8'],
      ...['--output', join(folder, 'loaded#1'), page],
    );
    for (let i = 0; i < PARTS; i++) {
      if (sha256(join(folder, `loaded${i}`)) !== sha256(join(folder, 'page', `part${i}`))) {
        throw new Error(`part ${i} of the page is another`);
      }
    }
    const latencyNs = await repeated(CALLS, () =>
      place.run('curl', '--silent', '--fail', '--output', '/dev/null', page.replace(/\[.*/, '0')),
    );
    return {
      bytesPerSecond: (PARTS * PART_BYTES) / (loaded.ms / 1000),
      latencyNs,
      requests: PARTS + CALLS,
    };
  },
};

const redis: ProgramTrial = {
  name: 'redis',
  summary: 'redis-benchmark: SET and GET of 20 clients',
  needs: ['redis-server', 'redis-benchmark'],
  packages: ['redis-server', 'redis-tools'],
  start(place, port) {
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
    return place.serve('redis-server', ...words, '--dir', place.folder);
  },
  async use(place, port) {
    const words = ['-h', '127.0.0.1', '-p', String(port), '-t', 'set,get', '-c', '20', '--csv'];
    const { text } = await place.run('redis-benchmark', ...words, '-n', String(REDIS_REQUESTS));
    const lines = text.split('\n').flatMap((line) => {
      const found = /^"(?:SET|GET)","([\d.]+)","[\d.]+","[\d.]+","([\d.]+)"/.exec(line);
      return found === null ? [] : [{ rate: Number(found[1]), p50Ms: Number(found[2]) }];
    });
    if (lines.length !== 2)
      throw new Error(`redis-benchmark said: ${text.trim().split('\n').at(-1)}`);
    return {
      requestsPerSecond: lines.reduce((sum, { rate }) => sum + rate, 0) / lines.length,
      latencyNs: lines.map(({ p50Ms }) => p50Ms * 1e6),
      requests: 2 * REDIS_REQUESTS,
    };
  },
};

const iperf3: ProgramTrial = {
  name: 'iperf3',
  summary: `one stream for ${IPERF_SECONDS} s`,
  needs: ['iperf3'],
  packages: ['iperf3'],
  start: (place, port) => place.serve('iperf3', '-s', '-B', '127.0.0.1', '-p', String(port)),
  async use(place, port) {
    const words = ['-c', '127.0.0.1', '-p', String(port), '-t', String(IPERF_SECONDS), '-J'];
    const { text } = await place.run('iperf3', ...words);
    const said = JSON.parse(text) as {
      end: { sum_received: { bits_per_second: number; bytes: number } };
    };
    const { bits_per_second: bits, bytes } = said.end.sum_received;
    return { bytesPerSecond: bits / 8, requests: Math.ceil(bytes / IPERF_WRITE_BYTES) };
  },
};

const dbus: ProgramTrial = {
  name: 'dbus',
  summary: 'D-Bus over TCP: calls of a bus',
  needs: ['dbus-daemon', 'dbus-send'],
  packages: ['dbus', 'dbus-bin'],
  start(place, port) {
    const config = join(place.folder, 'bus.conf');
    writeFileSync(
      config,
      `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>tcp:host=127.0.0.1,port=${port},family=ipv4</listen>
<auth>ANONYMOUS</auth><allow_anonymous/>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`,
    );
    return place.serve('dbus-daemon', `--config-file=${config}`, '--nofork');
  },
  use: (place, port) =>
    calls(() =>
      place.run(
        'dbus-send',
        `--bus=tcp:host=127.0.0.1,port=${port},family=ipv4`,
        ...['--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.ListNames'],
      ),
    ),
};

const x11: ProgramTrial = {
  name: 'x11',
  summary: 'an X11 client asks a server (Xvfb) for all it has',
  needs: ['Xvfb', 'xdpyinfo'],
  packages: ['xvfb', 'x11-utils'],
  firstPort: 6000,
  start(place, port) {
    const words = [`:${port - 6000}`, '-listen', 'tcp', '-nolisten', 'unix', '-ac', '-noreset'];
    return place.serve('Xvfb', ...words);
  },
  use: (place, port) =>
    calls(async () => {
      const said = await place.run('xdpyinfo', '-display', `127.0.0.1:${port - 6000}`);
      if (!said.text.includes('dimensions:')) throw new Error('xdpyinfo knows no screen');
      return said;
    }),
};

async function calls(request: () => ReturnType<Place['run']>): Promise<Measured> {
  return { latencyNs: await repeated(CALLS, request), requests: CALLS };
}

/** All trials, in the order in which they are carried out. */
export const TRIALS: readonly ProgramTrial[] = [openssh, http, redis, iperf3, dbus, x11];
