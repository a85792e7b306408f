import { installLine } from '../../testbed/xen/image/packages.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { textTable } from '../text-table.js';
import { checkMachine, type Finding } from './checks.js';

/** Carries out `interdom doctor`. */
export async function examine({ options, terminal }: Invocation): Promise<ExitCode> {
  const { findings, packages } = await checkMachine(terminal.environment);
  const install = packages.length === 0 ? undefined : installLine(packages);
  if (options.flag('apt-packages')) {
    await terminal.print(packages.map((name) => `${name}\n`).join(''));
  } else if (options.word('format', ['table', 'json']) === 'json') {
    await terminal.print(`${JSON.stringify({ findings, install: install ?? null }, null, 2)}\n`);
  } else {
    const rows = findings.map(({ what, state, detail }) => [state, what, detail]);
    await terminal.print(textTable(['', 'what', 'found'], rows, terminal.width));
    if (install !== undefined) await terminal.print(`\nTo have the rest: ${install}\n`);
  }
  return findings.some(isBroken) ? EXIT.internalError : EXIT.ok;
}

function isBroken({ state }: Finding): boolean {
  return state === 'broken';
}
