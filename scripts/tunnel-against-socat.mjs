// Throughput of iperf3 over `interdom tunnel`, against the same relay made of two socat over a UNIX socket, and against
// loopback: in turns, so that all see the same machine. Needs iperf3 and socat.
//
//     node scripts/tunnel-against-socat.mjs [ROUNDS]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 5);
const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
for (const name of ['iperf3', 'socat']) {
  if (spawnSync(name, ['-h'], { stdio: 'ignore' }).error !== undefined) {
    console.error(`${name} is not there: install iperf3 and socat`);
    process.exit(2);
  }
}
const folder = mkdtempSync(join(tmpdir(), 'interdom-socat-'));
const children = [];
const start = (name, ...words) => children.push(spawn(name, words, { stdio: 'ignore' }));
const first = 20_000 + (process.pid % 20_000);
const [server, socat, ...tunnels] = [0, 1, 2, 3, 4].map((n) => first + n);
const transports = ['v4v', 'libvchan', 'v2v'];

start('iperf3', '-s', '-B', '127.0.0.1', '-p', String(server));
const path = join(folder, 'relay');
start('socat', `TCP-LISTEN:${socat},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${path}`);
start('socat', `UNIX-LISTEN:${path},fork`, `TCP:127.0.0.1:${server}`);
transports.forEach((transport, i) => {
  const listen = `127.0.0.1:${tunnels[i]}`;
  const to = `127.0.0.1:${server}`;
  start(process.execPath, main, 'tunnel', '-t', transport, '--listen', listen, '--to', to);
});

/** MiB/s of one stream. The server takes one client at a time: while it ends the last one, it says that it is busy. */
async function measure(port) {
  const words = ['-c', '127.0.0.1', '-p', String(port), '-t', '2', '-J'];
  for (let tries = 0; tries < 10; tries++) {
    const { stdout } = spawnSync('iperf3', words, { encoding: 'utf8' });
    const received = JSON.parse(stdout).end.sum_received;
    if (received !== undefined) return received.bits_per_second / 8 / 1048576;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`iperf3 got nothing through port ${port}`);
}

const ways = { loopback: server, 'socat over UNIX': socat };
transports.forEach((transport, i) => {
  ways[transport] = tunnels[i];
});
try {
  // iperf3 serves one client at a time, and would take a probe for one: the system says who listens.
  const listens = () => {
    const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
    const open = new Set(
      lines.flatMap((line) => /:([0-9A-F]{4}) 0+:0{4} 0A /.exec(line)?.[1] ?? []),
    );
    return Object.values(ways).every((port) =>
      open.has(port.toString(16).toUpperCase().padStart(4, '0')),
    );
  };
  while (!listens()) await new Promise((resolve) => setTimeout(resolve, 200));
  const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, port] of Object.entries(ways)) {
      rates[way].push(await measure(port));
    }
  }
  const middle = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
  const reference = middle(rates['socat over UNIX']);
  for (const [way, all] of Object.entries(rates)) {
    const each = all.map((rate) => rate.toFixed(0)).join(' ');
    const share = (middle(all) / reference).toFixed(2);
    console.log(
      `${way.padEnd(16)} ${middle(all).toFixed(0).padStart(6)} MiB/s  ${share} of socat   (${each})`,
    );
  }
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
