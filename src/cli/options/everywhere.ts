import type { OptionSpec } from '../command.js';

/** Options that every command has. */
export const EVERYWHERE: readonly OptionSpec[] = [
  {
    name: 'config',
    describe: 'read options from this file',
    default: 'interdom.config.json, where there is one',
    candidates: 'files',
  },
  { name: 'verbose', flag: true, describe: 'show where an internal error came from' },
];
