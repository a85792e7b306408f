import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A project that has installed the packed tarball, and knows nothing of this folder. */
const WORKER = `
import { createServer } from 'node:http';
import { workerData } from 'node:worker_threads';
import { joinMachine } from 'interdom/sockets';
const domain = joinMachine(workerData);
domain.createServer((socket) => socket.pipe(socket)).listen(7);
// Node's own HTTP takes such a socket for one of TCP.
const site = createServer((_, response) => response.end('a page'));
domain.createServer((socket) => site.emit('connection', socket)).listen(80);
`;
const MAIN = `
import { once } from 'node:events';
import { request } from 'node:http';
import { Worker } from 'node:worker_threads';
import { createMachine, type Domain, DomainSocket, joinMachine, SocketError } from 'interdom/sockets';

const [here, there] = createMachine({ transport: 'v4v', ringSizeBytes: 16384 });
const worker = new Worker(new URL('worker.mjs', import.meta.url), {
  workerData: there,
  transferList: [there.port],
});
const domain: Domain = joinMachine(here);
await domain.whenListening(7);
const socket: DomainSocket = domain.connect(7);
socket.end('from another project');
let text = '';
socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
await once(socket, 'close');
const [error] = (await once(domain.connect(8), 'error')) as [SocketError];
await domain.whenListening(80);
const asked = request({ createConnection: () => domain.connect(80), timeout: 60_000 });
const [response] = await once(asked.end(), 'response');
let page = '';
for await (const bytes of response) page += bytes;
console.log(text, error.code, page, domain.statistics().connections);
domain.close();
await worker.terminate();
`;

describe('the packed tarball in another project', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'interdom-consumer-'));
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    // Its dependencies come from here: this is no test of the registry.
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const tarball = packed.trim().split('\n').at(-1) as string;
    execFileSync('tar', ['-xzf', join(folder, tarball), '-C', modules]);
    execFileSync('mv', [join(modules, 'package'), join(modules, 'interdom')]);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    writeFileSync(join(folder, 'worker.mjs'), WORKER);
    writeFileSync(join(folder, 'main.mts'), MAIN);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gives typed sockets between two domains', () => {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    execFileSync(process.execPath, [tsc, ...flags, 'main.mts'], { cwd: folder, stdio: 'pipe' });
    const said = execFileSync(process.execPath, ['main.mjs'], { cwd: folder, encoding: 'utf8' });
    assert.equal(said.trim(), 'from another project ECONNREFUSED a page 2');
  });
});
