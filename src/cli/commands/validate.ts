import type { Command } from '../command.js';
import { XEN_OPTIONS } from '../xen/xen-options.js';

export const VALIDATE_FORMATS = ['table', 'md', 'json', 'csv'] as const;
export const FRESH_SETS = ['none', 'quick', 'all'] as const;
export const PUBLISHED_SETS = ['none', 'quick', 'all'] as const;
export const VALIDATED_TESTBEDS = ['xen', 'live'] as const;

export const validate: Command = {
  name: 'validate',
  summary: 'Model against real Xen, recorded and measured anew, and against publications',
  positional: {
    name: 'scenario',
    describe: 'scenarios to compare; without one, all that were recorded',
    many: true,
    candidates: 'scenarios',
  },
  options: [
    {
      name: 'testbed',
      describe: 'compare with xen (counts), or live: throughput on this machine, nothing injected',
      default: 'xen',
      candidates: VALIDATED_TESTBEDS,
    },
    {
      name: 'profile',
      alias: 'p',
      describe: 'with --testbed live: a calibration of this host',
      default: 'this host is calibrated now',
      candidates: 'profiles',
    },
    {
      name: 'transport',
      alias: 't',
      describe: 'transports to compare',
      default: 'all that were recorded',
      candidates: 'transports',
    },
    {
      name: 'guest-type',
      describe: 'pv or pvh: guests to compare',
      default: 'all that were recorded',
      candidates: ['pv', 'pvh'],
    },
    {
      name: 'fresh',
      describe: 'also measure real Xen now: none, quick (some cells), all',
      default: 'none; all where sizes are given',
      candidates: FRESH_SETS,
    },
    {
      name: 'ring-size',
      describe: 'measure these ring sizes, which need not have been recorded',
      default: 'what was recorded',
    },
    {
      name: 'message-size',
      describe: 'measure these message sizes, which need not have been recorded',
      default: 'what was recorded',
    },
    {
      name: 'grant-mode',
      describe: 'with given sizes: persistent, per-transfer, copy',
      default: 'persistent',
      candidates: ['persistent', 'per-transfer', 'copy'],
    },
    {
      name: 'published',
      describe: 'published measurements to compare with: none, quick, all',
      default: 'quick; none where a part of the cells is chosen',
      candidates: PUBLISHED_SETS,
    },
    {
      name: 'reference',
      describe: 'results files with recorded counts of real Xen',
      default: 'those that come with interdom',
      candidates: 'files',
    },
    XEN_OPTIONS.hypervisor,
    XEN_OPTIONS.symbols,
    XEN_OPTIONS.arguments,
    XEN_OPTIONS.cache,
    {
      name: 'format',
      alias: 'f',
      describe: 'table, md, json, csv',
      default: 'table',
      candidates: VALIDATE_FORMATS,
    },
    { name: 'all', flag: true, describe: 'show every count, not only the worst' },
    {
      name: 'details',
      flag: true,
      describe: 'show counts that explain others too (entries by reason, TLB, kernel)',
    },
    {
      name: 'out',
      describe: 'folder for validation.png, validation.md and validation.csv',
      candidates: 'files',
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'results file with the cells of both sides, for interdom report',
      candidates: 'files',
    },
    { name: 'quiet', alias: 'q', flag: true, describe: 'no progress and no notes' },
    { name: 'no-progress', flag: true, describe: 'no progress display' },
  ],
  examples: [
    ['interdom validate', 'does the model count what real Xen was seen to do?'],
    ['interdom validate --testbed live', 'the model with prices of this host against this host'],
    ['interdom validate --fresh quick', 'boot real Xen here and compare with it too'],
    [
      'interdom validate stream -t libvchan --ring-size 8k --message-size 100,3000',
      'sizes that nobody has recorded',
    ],
  ],
  async run(invocation) {
    const { validateModel } = await import('../validate/validate-model.js');
    return validateModel(invocation);
  },
};
