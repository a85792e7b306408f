import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
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
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'interdom-probe-'));
    const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];
    execFileSync(compiler as string, [...flags, '-o', join(folder, 'probe'), PROBE]);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.close();
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
      const { port } = server.address() as AddressInfo;
      // Ports that only the program knows: a connection that is not interposed finds nobody.
      const maps = ['--map', `127.0.0.1:9=127.0.0.1:${port}`, '--map', '127.0.0.1:19=127.0.0.1:1'];
      const { code, said } = await run(
        '-t',
        transport,
        ...maps,
        '--',
        join(folder, 'probe'),
        '9',
        '19',
      );
      assert.equal(code, 0, said);
      assert.ok(!said.includes('FAILED'), said);
      assert.match(said, /^ok epoll registered before connect$/m);
    });
  }

  it('says what it cannot interpose', async () => {
    const source = join(folder, 'nothing.c');
    writeFileSync(source, 'int main(void) { return 0; }\n');
    execFileSync(compiler as string, ['-static', '-o', join(folder, 'static'), source]);
    const map = ['--map', '127.0.0.1:9=127.0.0.1:10'];
    const { code, said } = await run(...map, '--', join(folder, 'static'));
    assert.equal(code, 2);
    assert.match(said, /linked statically/);
  });

  it("gives the program's exit code, and leaves other addresses alone", async () => {
    const { port } = server.address() as AddressInfo;
    const script = `const s = require('node:net').connect(${port}, '127.0.0.1', () => { s.end('as ever'); s.on('data', (b) => { console.log(String(b)); process.exitCode = 7; }); });`;
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
