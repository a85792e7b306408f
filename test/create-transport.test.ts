import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A copy of the checkout as far as a new transport touches it. */
let copy = '';

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'interdom-create-transport-'));
  for (const part of ['src', 'transports', 'scripts', 'tsconfig.json', 'package.json']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

after(() => {
  rmSync(copy, { recursive: true, force: true });
});

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
}

const create = (...args: string[]) => node('scripts/create-transport.mjs', ...args);
const list = (): string => readFileSync(join(copy, 'transports', 'index.ts'), 'utf8');

describe('npm run create-transport', () => {
  it('refuses names that cannot be, says why, and changes nothing', () => {
    const before = list();
    const folders = readdirSync(join(copy, 'transports'));
    for (const [name, reason] of [
      ['Ring', /small letters, digits and single hyphens/],
      ['a--b', /single hyphens/],
      ['9p', /small letters/],
      ['../escape', /small letters/],
      ['', /small letters/],
      ['x'.repeat(41), /small letters/],
      ['class', /a meaning of its own/],
      ['template', /a meaning of its own/],
      ['libvchan', /exists already/],
    ] as const) {
      const { status, stderr, stdout } = create(name);
      assert.equal(status, 2, name);
      assert.match(stderr, reason);
      assert.equal(stdout, '');
    }
    assert.equal(create().status, 2);
    assert.equal(create('one', 'two').status, 2);
    assert.equal(list(), before);
    assert.deepEqual(readdirSync(join(copy, 'transports')), folders);
  });

  it('makes a transport that compiles, is in the list, and passes the conformance suite', () => {
    const { status, stdout, stderr } = create('shared-ring');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Made transports\/shared-ring/);
    assert.match(list(), /import \{ sharedRing \} from '\.\/shared-ring\/index\.js';/);
    assert.match(list(), /\[[^\]]*\bsharedRing\b[^\]]*\];/);
    for (const file of readdirSync(join(copy, 'transports', 'shared-ring'))) {
      const text = readFileSync(join(copy, 'transports', 'shared-ring', file), 'utf8');
      assert.doesNotMatch(text, /template/i, file);
    }

    writeFileSync(
      join(copy, 'tsconfig.new.json'),
      JSON.stringify({
        extends: './tsconfig.json',
        include: [],
        files: ['transports/index.ts', 'src/transport/conformance.ts'],
      }),
    );
    const compiled = node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.new.json');
    assert.equal(compiled.status, 0, compiled.stdout);

    writeFileSync(
      join(copy, 'check.mjs'),
      `import { transports } from './dist/transports/index.js';
       import { checkConformance } from './dist/src/transport/conformance.js';
       const made = transports.find((one) => one.name === 'shared-ring');
       const failed = checkConformance(made).filter((one) => one.verdict === 'failed');
       console.log(JSON.stringify(failed.map((one) => [one.check, one.reason])));`,
    );
    const checked = node('check.mjs');
    assert.equal(checked.status, 0, checked.stderr);
    assert.deepEqual(JSON.parse(checked.stdout), []);
  });
});
