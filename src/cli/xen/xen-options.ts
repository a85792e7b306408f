import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.js';
import { fileFault } from '../../results/file-fault.js';
import type { OptionSpec } from '../command.js';
import type { OptionValues } from '../options/option-values.js';

/** Options of all commands that boot real Xen. */
export const XEN_OPTIONS = {
  hypervisor: {
    name: 'hypervisor',
    describe: "real Xen: a hypervisor of your own (V4V needs one with Xen's Argo)",
    default: "Debian's",
    candidates: 'files',
  },
  symbols: {
    name: 'hypervisor-symbols',
    describe: 'the xen-syms.map of its build',
    default: 'the symbols that it carries for its own stack traces',
    candidates: 'files',
  },
  arguments: {
    name: 'xen-args',
    describe: "real Xen: further arguments of Xen's command line, such as spec-ctrl=eager-fpu",
    default: 'none',
  },
  phases: {
    name: 'phases',
    describe: 'real Xen: places relative to the timer at which each cell is measured, 1 to 3',
    default: '2 in the suite quick, else 3',
    candidates: ['1', '2', '3'],
  },
  cache: {
    name: 'xen-cache',
    describe: 'folder for what real Xen is booted from',
    default: 'interdom/xen in the cache folder of your account',
    candidates: 'files',
  },
  on: {
    name: 'on',
    describe: 'real Xen: emulated, or host where this is the dom0 of one',
    default: 'emulated',
    candidates: ['emulated', 'host'],
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

const QUICK_PHASES = 2;
const MOST_PHASES = 3;

/** What of real Xen a result depends on, by names of options. Throws UserError for files that cannot be read. */
export function xenSettings(options: OptionValues): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  if (options.word('on', XEN_OPTIONS.on.candidates) === 'host') {
    for (const name of ['hypervisor', 'hypervisor-symbols', 'xen-args']) {
      if (!options.has(name)) continue;
      throw new UserError('a real host runs the hypervisor that it was booted with', {
        where: options.given(name)?.where ?? `--${name}`,
        remedy: 'leave it out, or --on host',
      });
    }
    return { on: 'host' };
  }
  for (const name of ['hypervisor', 'hypervisor-symbols'] as const) {
    const file = options.text(name);
    if (file === undefined) continue;
    checkReadable(file, options.given(name)?.where ?? `--${name}`);
    settings[name] = resolve(file);
  }
  if (settings['hypervisor-symbols'] !== undefined && settings['hypervisor'] === undefined) {
    throw new UserError('symbols belong to a hypervisor, and none is given', {
      where: options.given('hypervisor-symbols')?.where ?? '--hypervisor-symbols',
      remedy: 'give it by --hypervisor, or leave the symbols out',
    });
  }
  const words = xenArguments(options.text('xen-args'));
  if (words.length > 0) settings['xen-args'] = words.join(' ');
  return settings;
}

/** The same for `run`, whose quick suite is to be quick. */
export function xenRunSettings(options: OptionValues): Readonly<Record<string, string>> {
  const settings = xenSettings(options);
  const isQuick = (options.text('suite') ?? 'quick') === 'quick';
  const phases =
    options.integer('phases', 1, MOST_PHASES) ?? (isQuick ? QUICK_PHASES : MOST_PHASES);
  return settings['on'] === 'host' ? settings : { ...settings, phases: String(phases) };
}

/** The words of Xen's command line. */
export function xenArguments(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** The options of a testbed that boots real Xen, as settings say. */
export function xenTestbedOptions(settings: Readonly<Record<string, string>>) {
  const hypervisorFile = settings['hypervisor'];
  const hypervisorSymbolsFile = settings['hypervisor-symbols'];
  return {
    ...(hypervisorFile === undefined ? {} : { hypervisorFile }),
    ...(hypervisorSymbolsFile === undefined ? {} : { hypervisorSymbolsFile }),
    xenArguments: xenArguments(settings['xen-args']),
    ...(settings['phases'] === undefined ? {} : { phases: Number(settings['phases']) }),
  };
}

function checkReadable(file: string, where: string): void {
  let isFile: boolean;
  try {
    accessSync(file, constants.R_OK);
    isFile = statSync(file).isFile();
  } catch (cause) {
    throw fileFault('read', file, cause);
  }
  if (isFile) return;
  throw new UserError(`cannot read ${file}: it is no file`, {
    where,
    remedy: 'name the file xen.gz or xen of a build of Xen',
  });
}
