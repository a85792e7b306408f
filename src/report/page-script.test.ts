import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { InvariantViolation } from '../base/errors.js';
import { joinModules } from './page-script.js';

function withModules(files: Readonly<Record<string, string>>, use: (entry: URL) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'interdom-script-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    use(pathToFileURL(join(folder, 'entry.js')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('modules are joined in order, each once, and equal names do not meet', () => {
  const files = {
    'entry.js': `import { twice } from './twice.js';\nimport { one as uno } from './one.js';\nconst secret = 3;\nglobalThis.result = twice(uno) + secret;\n`,
    'twice.js': `import { one } from './one.js';\nconst secret = 100;\nexport function twice(x) { return 2 * x * one + 0 * secret; }\n`,
    'one.js': '/** One. */\nexport const one = 1;\n',
  };
  withModules(files, (entry) => {
    const script = joinModules(entry);
    assert.equal(script.match(/const one = 1/g)?.length, 1);
    const context = vm.createContext({});
    vm.runInContext(script, context);
    assert.equal(context['result'], 5);
  });
});

test('forms that it does not know are refused, not garbled', () => {
  for (const form of ["import x from './y.js';", 'export default 1;', "export * from './y.js';"]) {
    withModules({ 'entry.js': `${form}\n`, 'y.js': '' }, (entry) => {
      assert.throws(() => joinModules(entry), InvariantViolation);
    });
  }
});

test('a circle of modules is named', () => {
  const files = {
    'entry.js': "import { a } from './other.js';\nexport const b = a;\n",
    'other.js': "import { b } from './entry.js';\nexport const a = b;\n",
  };
  withModules(files, (entry) => {
    assert.throws(() => joinModules(entry), /import each other in a circle/);
  });
});
