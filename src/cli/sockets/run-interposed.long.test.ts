import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findCompiler } from './preload-library.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const PROBE = fileURLToPath(new URL('../../../../interpose/test/probe.c', import.meta.url));
const compiler = findCompiler();

describe('interdom exec', { skip: compiler === undefined && 'there is no C compiler' }, () => {
  let folder = '';
  /** Codes of errors of the echo's connections, and how many of them are still there. */
  const errors: (string | undefined)[] = [];
  let open = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open++;
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
    socket.on('close', () => open--);
    socket.pipe(socket);
  });
  const resetting = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.resetAndDestroy());
  });
  /** Sends for ever, and resets at another moment each time. */
  let resets = 0;
  const fickle = createServer((socket) => {
    socket.on('error', () => {}).resume();
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(10_000)));
    };
    socket.on('drain', more);
    more();
    setTimeout(() => socket.resetAndDestroy(), (resets++ * 7) % 23);
  });
  const portOf = (one: Server): number => (one.address() as AddressInfo).port;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'interdom-probe-'));
    const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];
    execFileSync(compiler as string, [...flags, '-o', join(folder, 'probe'), PROBE]);
    for (const one of [server, resetting, fickle]) {
      one.listen(0, '127.0.0.1');
      await once(one, 'listening');
    }
  });
  after(() => {
    for (const one of [server, resetting, fickle]) one.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...words: readonly string[]): Promise<{ code: number; said: string }> {
    const child = spawn(process.execPath, [MAIN, 'exec', ...words]);
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  for (const transport of ['v4v', 'libvchan', 'v2v']) {
    it(`does what programs do with sockets, over ${transport}`, async () => {
      // Ports that only the program knows: a connection that is not interposed finds nobody.
      const maps = [
        ...[
          '--map',
          `127.0.0.1:9=127.0.0.1:${portOf(server)}`,
          '--map',
          '127.0.0.1:19=127.0.0.1:1',
        ],
        ...['--map', `127.0.0.1:29=127.0.0.1:${portOf(resetting)}`, '--serve', '127.0.0.1:39'],
      ];
      errors.length = 0;
      const probe = [join(folder, 'probe'), '9', '19', '29', '39'];
      const { code, said } = await run('-t', transport, ...maps, '--', ...probe);
      assert.equal(code, 0, said);
      assert.ok(!said.includes('FAILED'), said);
      assert.match(said, /^ok epoll registered before connect$/m);
      assert.match(said, /^ok a client of this program's own server$/m);
      // It closed one with a linger of 0 s.
      assert.deepEqual(errors, ['ECONNRESET']);
    });

    it(`a program that is killed at any moment leaves no connection behind, over ${transport}`, async () => {
      const map = ['--map', `127.0.0.1:9=127.0.0.1:${portOf(server)}`];
      const words = ['--', join(folder, 'probe'), '--killed', '40', '9'];
      const { code, said } = await run('-t', transport, ...map, ...words);
      assert.equal(code, 0, said);
      while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });

    it(`a reset at any moment is the error that TCP gives, over ${transport}`, async () => {
      const map = ['--map', `127.0.0.1:9=127.0.0.1:${portOf(fickle)}`];
      const words = ['--', join(folder, 'probe'), '--reset', '40', '9'];
      const { code, said } = await run('-t', transport, ...map, ...words);
      assert.equal(code, 0, said);
      const lines = said.trim().split('\n');
      assert.equal(lines.length, 40, said);
      for (const line of lines) assert.match(line, /^(read ECONNRESET|write (ECONNRESET|EPIPE))$/);
    });
  }

  it('says what of a program it does not reach', async () => {
    const map = ['--map', '127.0.0.1:9=127.0.0.1:10', '--'];
    const source = join(folder, 'sleeper.c');
    writeFileSync(source, '#include <unistd.h>\nint main(void) { return (int)sleep(1); }\n');
    execFileSync(compiler as string, ['-static', '-o', join(folder, 'sleeper'), source]);
    const child = await run(...map, 'sh', '-c', `${join(folder, 'sleeper')}; true`);
    assert.equal(child.code, 0, child.said);
    assert.match(child.said, /sleeper \(process \d+\) runs without the preload library/);
    const ring = await run(...map, join(folder, 'probe'), '--io-uring');
    assert.match(ring.said, /io_uring (held|unavailable)/);
    const isSaid = /probe \(process \d+\) uses io_uring/.test(ring.said);
    assert.equal(isSaid, ring.said.includes('io_uring held'));
  });

  it('says what it cannot interpose', async () => {
    const source = join(folder, 'nothing.c');
    writeFileSync(source, 'int main(void) { return 0; }\n');
    execFileSync(compiler as string, ['-static', '-o', join(folder, 'static'), source]);
    const map = ['--map', '127.0.0.1:9=127.0.0.1:10'];
    const { code, said } = await run(...map, '--', join(folder, 'static'));
    assert.equal(code, 2);
    assert.match(said, /linked statically/);
  });

  it('hands on what ends a program politely', async () => {
    for (const [signal, code] of [
      ['SIGTERM', 41],
      ['SIGHUP', 42],
    ] as const) {
      const script =
        'trap "exit 41" TERM; trap "exit 42" HUP; echo ready; for i in $(seq 200); do sleep 0.1; done';
      const words = ['exec', '--map', '127.0.0.1:9=127.0.0.1:10', '--', 'sh', '-c', script];
      const child = spawn(process.execPath, [MAIN, ...words]);
      await once(child.stdout, 'data');
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [code, null]);
    }
  });

  it("gives the program's exit code, and leaves other addresses alone", async () => {
    const script = `const s = require('node:net').connect(${portOf(server)}, '127.0.0.1', () => { s.end('as ever'); s.on('data', (b) => { console.log(String(b)); process.exitCode = 7; }); });`;
    const { code, said } = await run(
      '--map',
      '127.0.0.1:9=127.0.0.1:10',
      '--',
      process.execPath,
      '-e',
      script,
    );
    assert.equal(code, 7, said);
    assert.match(said, /as ever/);
  });
});
