import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * The mechanical rules of docs/STYLE.md and docs/ARCHITECTURE.md, held. Each rule is a function from files to faults, so
 * that a canary can show that it finds what it looks for.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Who may import whom. A layer may always import itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/sim': ['src/base'],
  'src/ring': ['src/base'],
  'src/profiles': ['src/base'],
  'src/stats': ['src/base'],
  'src/xen': ['src/base', 'src/sim', 'src/ring', 'src/profiles'],
  'src/transport': ['src/base', 'src/sim', 'src/ring', 'src/profiles', 'src/xen'],
  transports: ['src/base', 'src/sim', 'src/ring', 'src/xen', 'src/transport'],
  'src/results': ['src/base', 'src/stats'],
  'src/scenario': ['src/base', 'src/sim', 'src/profiles', 'src/xen', 'src/transport', 'src/stats'],
  scenarios: ['src/base', 'src/scenario'],
  'src/testbed': [
    'src/base',
    'src/sim',
    'src/profiles',
    'src/xen',
    'src/transport',
    'src/stats',
    'src/scenario',
    'src/results',
  ],
  'src/sockets': ['src/base', 'src/sim', 'src/profiles', 'src/xen', 'src/transport', 'src/testbed'],
  'src/runner': [
    'src/base',
    'src/profiles',
    'src/transport',
    'src/stats',
    'src/scenario',
    'src/results',
    'src/testbed',
  ],
  'src/judge': ['src/base', 'src/stats', 'src/results'],
  'src/report': ['src/base', 'src/stats', 'src/results', 'src/judge'],
  'src/cli': ['*'],
  'src/bench': ['*'],
  test: ['*'],
};

/** Layers in which time, environment and chance come by injection only. */
const DETERMINISTIC = [
  'src/base',
  'src/sim',
  'src/ring',
  'src/xen',
  'src/profiles',
  'src/transport',
  'src/stats',
  'src/scenario',
  'src/runner',
  'src/judge',
  'src/testbed/model',
  'transports',
  'scenarios',
];

const MOST_LINES = 480;
const VAGUE_NAMES = /(^|[-/])(utils?|helpers?|common|misc)([-./]|$)/;

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS)
    .filter((layer) => path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function isTest(path: string): boolean {
  return /\.test\.ts$/.test(path) || path.startsWith('test/');
}

function importsOf(file: SourceFile): string[] {
  const found = file.text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
  return [...found].map((match) => match[1] as string);
}

function resolved(file: SourceFile, target: string): string {
  return posix.normalize(posix.join(posix.dirname(file.path), target)).replace(/\.js$/, '.ts');
}

/** Files that only tests import: they belong to the tests. */
function testSupport(files: readonly SourceFile[]): Set<string> {
  const importers = new Map<string, string[]>();
  for (const file of files) {
    for (const target of importsOf(file)) {
      if (!target.startsWith('.')) continue;
      const path = resolved(file, target);
      importers.set(path, [...(importers.get(path) ?? []), file.path]);
    }
  }
  const only = [...importers].filter(([, from]) => from.every(isTest));
  return new Set(only.map(([path]) => path));
}

/** Imports that go up, or sideways where the table does not say so. */
function layerFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  const support = testSupport(files);
  for (const file of files) {
    const layer = layerOf(file.path);
    if (layer === undefined) {
      faults.push(`${file.path}: belongs to no layer of the table`);
      continue;
    }
    const allowed = LAYERS[layer] as readonly string[];
    if (allowed.includes('*') || isTest(file.path) || support.has(file.path)) continue;
    for (const target of importsOf(file)) {
      if (!target.startsWith('.')) continue;
      const path = resolved(file, target);
      const other = layerOf(path);
      if (other !== layer && !(other !== undefined && allowed.includes(other))) {
        faults.push(`${file.path}: a file of ${layer} imports ${path}`);
      }
    }
  }
  return faults;
}

/** Wall clocks, the environment, chance, and mathematics that differs between machines. */
function determinismFaults(files: readonly SourceFile[]): string[] {
  const forbidden: readonly [RegExp, string][] = [
    [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.hrtime/, 'reads a clock'],
    [/\bMath\.random\(/, 'draws unseeded chance'],
    [/\bprocess\.env\b/, 'reads the environment'],
    [/\bMath\.(pow|log|log2|log10|exp|sin|cos|tan|cbrt|hypot)\(/, 'differs between machines'],
    [/\*\*/, 'differs between machines (power)'],
    [/\btoLocale\w*\(|\bIntl\./, 'depends on the locale'],
  ];
  const faults: string[] = [];
  for (const file of files) {
    if (isTest(file.path)) continue;
    if (!DETERMINISTIC.some((layer) => file.path.startsWith(`${layer}/`))) continue;
    const code = withoutComments(file.text);
    for (const [pattern, why] of forbidden) {
      const match = pattern.exec(code);
      if (match !== null) faults.push(`${file.path}: ${match[0]} ${why}`);
    }
  }
  return faults;
}

/** The files that a file loads before its own first line runs: not its types, nor what it imports later. */
function loads(file: SourceFile): string[] {
  const statements = file.text.matchAll(/^(?:import|export)\s([^;']*?)\s*from\s+'(\.[^']+)';/gm);
  return [...statements]
    .filter(([, what]) => {
      const names = /^\{(.*)\}$/s.exec(what as string)?.[1]?.split(',');
      const values = names?.map((name) => name.trim()).filter((name) => name !== '');
      return (
        !/^type\s/.test(what as string) && values?.every((n) => n.startsWith('type ')) !== true
      );
    })
    .map(([, , target]) => resolved(file, target as string));
}

/** Files that load each other: which of them runs first depends on who asks, and neither can be read alone. */
function cycleFaults(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, loads(file)]));
  const faults: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) faults.push([...way.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return faults;
}

function styleFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const { path, text } of files) {
    const lines = text.split('\n').length;
    if (lines > MOST_LINES && !isTest(path)) faults.push(`${path}: ${lines} lines`);
    if (VAGUE_NAMES.test(path)) faults.push(`${path}: a name that says nothing`);
    const name = path.split('/').at(-1) as string;
    if (!/^[a-z0-9]+(-[a-z0-9]+)*((\.[a-z0-9-]+)*\.test)?\.ts$/.test(name)) {
      faults.push(`${path}: not in kebab-case`);
    }
    if (/^export default /m.test(text)) faults.push(`${path}: a default export`);
    if (/\b(it|describe|test)\.(only|todo)\(/.test(text) && path !== 'test/tidy.test.ts') {
      faults.push(`${path}: a test that runs alone, or not yet`);
    }
  }
  return faults;
}

/** A property that begins where chance has it finds a fault on the one machine and not on the next. */
function chanceFaults(files: readonly SourceFile[]): string[] {
  const count = (text: string, what: RegExp): number => [...text.matchAll(what)].length;
  return files
    .filter(({ path }) => path.startsWith('test/') || isTest(path))
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .filter(({ text }) => count(text, /\bfc\.assert\(/g) > count(text, /\bruns\(|\bnumRuns\)/g))
    .map((file) => `${file.path}: a property whose runs and seed do not come from runs()`);
}

/** Paths of one machine, which nobody else has. */
function machineFaults(files: readonly SourceFile[]): string[] {
  const path = new RegExp(['/wo', 'rk/|/fa', 'rm/|/ro', 'ot/|/home/[a-z]+/'].join(''));
  return files
    .filter((file) => path.test(file.text))
    .map((file) => `${file.path}: names a path of one machine`);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
}

function sources(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const top of ['src', 'transports', 'scenarios', 'test']) {
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath ?? entry.path, entry.name);
      files.push({
        path: relative(root, path).split(sep).join('/'),
        text: readFileSync(path, 'utf8'),
      });
    }
  }
  return files;
}

describe('tidy', () => {
  const files = sources();

  it('finds the sources', () => {
    assert.ok(files.length > 50);
  });
  it('lets layers import downwards only', () => {
    assert.deepEqual(layerFaults(files), []);
  });
  it('lets no files load each other', () => {
    assert.deepEqual(cycleFaults(files), []);
  });
  it('keeps clocks, the environment and chance out of all that must be deterministic', () => {
    assert.deepEqual(determinismFaults(files), []);
  });
  it('keeps names, sizes and exports as the style guide says', () => {
    assert.deepEqual(styleFaults(files), []);
  });
  it('begins each property where the last run began it', () => {
    assert.deepEqual(chanceFaults(files), []);
  });
  it('names no path of one machine', () => {
    assert.deepEqual(machineFaults(files), []);
  });

  it('canary: each rule finds a file that breaks it', () => {
    const sample = (path: string, text: string): SourceFile[] => [{ path, text }];
    assert.equal(
      layerFaults(sample('src/xen/a.ts', "import { x } from '../cli/main.js';")).length,
      1,
    );
    assert.equal(
      layerFaults(sample('scenarios/a.ts', "import { x } from '../transports/v4v/index.js';"))
        .length,
      1,
    );
    assert.equal(layerFaults(sample('src/nowhere/a.ts', '')).length, 1);
    const knot = (what: string): SourceFile[] => [
      ...sample('src/xen/a.ts', "import { b } from './b.js';"),
      ...sample('src/xen/b.ts', `import {\n  c,\n} from './c.js';`),
      ...sample('src/xen/c.ts', `${what} from './a.js';`),
    ];
    const round = 'src/xen/a.ts -> src/xen/b.ts -> src/xen/c.ts -> src/xen/a.ts';
    assert.deepEqual(cycleFaults(knot('import { type T, a }')), [round]);
    assert.deepEqual(cycleFaults(knot('export *')), [round]);
    assert.deepEqual(cycleFaults(knot('import type { T }')), []);
    assert.deepEqual(cycleFaults(knot('import { type T, type U }')), []);
    assert.equal(determinismFaults(sample('src/xen/a.ts', 'const t = Date.now();')).length, 1);
    assert.equal(determinismFaults(sample('scenarios/a.ts', 'const t = 2 ** 3;')).length, 1);
    assert.equal(
      determinismFaults(sample('src/xen/a.ts', '// Math.random() is forbidden')).length,
      0,
    );
    assert.equal(styleFaults(sample('src/xen/utils.ts', '')).length, 1);
    assert.equal(styleFaults(sample('src/xen/aB.ts', 'export default 1;')).length, 2);
    assert.equal(styleFaults(sample('src/xen/a.ts', '\n'.repeat(500))).length, 1);
    assert.equal(chanceFaults(sample('src/a.test.ts', 'fc.assert(property);')).length, 1);
    assert.equal(chanceFaults(sample('src/a.test.ts', 'fc.assert(one, runs(9));')).length, 0);
    assert.equal(machineFaults(sample('src/xen/a.ts', `'${['/wo', 'rk/'].join('')}x'`)).length, 1);
  });
});
