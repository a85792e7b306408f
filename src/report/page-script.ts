import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { invariant } from '../base/errors.js';

const IMPORT = /^import \{([^}]*)\} from '([^']+)';\n?/gm;
const EXPORT = /^export (?=(?:async )?(?:function\*?|const|let|class) (\w+))/gm;

/**
 * Joins an ES module and all it imports to one classic script, so that the page draws with the very code that drew the
 * PNGs, and needs no loader. Each module becomes a function of its own, so names never meet. It knows the few forms of
 * import and export that our compiler's output has, and refuses all others.
 */
export function joinModules(entry: URL): string {
  const names = new Map<string, string>();
  const parts: string[] = [];
  addModule(entry, names, parts, []);
  return `'use strict';\n${parts.join('\n')}\n`;
}

function addModule(
  url: URL,
  names: Map<string, string>,
  parts: string[],
  path: readonly string[],
): string {
  const known = names.get(url.href);
  if (known !== undefined) return known;
  invariant(!path.includes(url.href), 'modules of the page import each other in a circle', {
    circle: [...path, url.href].join(' -> '),
  });
  const source = readFileSync(fileURLToPath(url), 'utf8');
  const imports: string[] = [];
  const body = source
    .replace(IMPORT, (_, bindings: string, from: string) => {
      const name = addModule(new URL(from, url), names, parts, [...path, url.href]);
      imports.push(`const {${bindings.replace(/ as /g, ': ')}} = ${name};`);
      return '';
    })
    .replace(/^\/\*\*?[\s\S]*?\*\/\n/gm, '')
    .replace(/^\s*\/\/.*\n/gm, '')
    .replace(/^export \{\};\n?/gm, '');
  const exported = [...body.matchAll(EXPORT)].map((match) => match[1] as string);
  const code = body.replace(EXPORT, '');
  invariant(!/^(?:import|export)\b/m.test(code), 'a module of the page has an unknown form', {
    module: url.href,
  });
  const name = `m${names.size}`;
  names.set(url.href, name);
  parts.push(
    `const ${name} = (() => {\n${imports.join('\n')}\n${code.trim()}\nreturn { ${exported.join(', ')} };\n})();`,
  );
  return name;
}
