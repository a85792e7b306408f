// npm run create-transport NAME: copies transports/_template to transports/NAME, with the names changed, and adds it to
// transports/index.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const transports = join(dirname(dirname(fileURLToPath(import.meta.url))), 'transports');
const template = join(transports, '_template');
const list = join(transports, 'index.ts');

const [name, ...rest] = process.argv.slice(2);
const refusal = refuse(name, rest);
if (refusal !== undefined) {
  console.error(`create-transport: ${refusal}`);
  process.exit(2);
}

const camel = camelCase(name);
const pascal = camel[0].toUpperCase() + camel.slice(1);
const listed = withLine(readFileSync(list, 'utf8'));

mkdirSync(join(transports, name));
for (const file of readdirSync(template)) {
  const text = readFileSync(join(template, file), 'utf8');
  writeFileSync(join(transports, name, file), renamed(text));
}
writeFileSync(list, listed);

console.log(`Made transports/${name} and added it to transports/index.ts. Next:

  1. npm run format && npm run build && npm test
     It is a working transport now: the conformance suite passes.
  2. transports/${name}/layout.ts, channel.ts, connect.ts, listener.ts: make it your protocol.
  3. transports/${name}/index.ts: summary, capabilities (framing, shared fields, limits) and settings.
  4. transports/${name}/README.md: what it is, and what it leaves out.
  5. npx interdom run --transport ${name},libvchan
`);

/** Why this cannot be the name of a transport; undefined where it can. */
function refuse(name, rest) {
  if (name === undefined || rest.length > 0) return 'give one name: npm run create-transport NAME';
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    return `"${name}" is no name of a transport: use small letters, digits and single hyphens, as in shared-ring`;
  }
  const identifier = camelCase(name);
  if (identifier === 'template' || identifier === 'transports' || isReserved(identifier)) {
    return `"${name}" has a meaning of its own in the code: choose another name`;
  }
  if (existsSync(join(transports, name))) return `transports/${name} exists already`;
  return undefined;
}

function camelCase(words) {
  return words.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/** Whether the language keeps this word for itself. */
function isReserved(identifier) {
  try {
    new Function(`'use strict'; const ${identifier} = 0;`);
    return false;
  } catch {
    return true;
  }
}

/** The template with its names changed, in words, identifiers and types. */
function renamed(text) {
  return text
    .replace(/\bTemplate(?=[A-Z])/g, pascal)
    .replace(/(?<=[a-z])Template\b/g, pascal)
    .replace(/\btemplate: TransportDriver\b/g, `${camel}: TransportDriver`)
    .replace(/\btemplate\b/g, name);
}

/** transports/index.ts with an import and an entry more. */
function withLine(text) {
  const added = `import { ${camel} } from './${name}/index.js';`;
  const imports = [...text.matchAll(/^import .* from '\.\/.*';$/gm)].map((match) => match[0]);
  const before = imports.find((line) => place(line) > place(added));
  const last = imports.at(-1);
  const withImport =
    before === undefined
      ? text.replace(last, `${last}\n${added}`)
      : text.replace(before, `${added}\n${before}`);
  const changed = withImport.replace(
    /(readonly TransportDriver\[\] = \[)([^\]]*?)(,?\s*\];)/,
    (_, start, entries, end) => `${start}${entries}, ${camel}${end}`,
  );
  if (last === undefined || changed === withImport) {
    console.error(`create-transport: cannot find the list in ${list}: add the transport by hand`);
    process.exit(1);
  }
  return changed;
}

/** Imports are in the order of their paths. */
function place(line) {
  return line.slice(line.indexOf("'"));
}
