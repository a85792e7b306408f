import type { Command } from '../command.js';
import { LIVE_OPTIONS } from '../live/live-options.js';
import { XEN_OPTIONS } from '../xen/xen-options.js';

/** Formats in which results can be printed. */
export const RUN_FORMATS = ['table', 'json', 'ndjson', 'csv', 'md'] as const;

export const run: Command = {
  name: 'run',
  summary: 'Plans cells, carries them out, writes a results file and prints a table',
  positional: {
    name: 'scenario',
    describe: 'scenarios to run; without one, all of the suite',
    many: true,
    candidates: 'scenarios',
  },
  options: [
    {
      name: 'transport',
      alias: 't',
      describe: 'transports to compare',
      default: 'those that are meant to be compared',
      candidates: 'transports',
    },
    {
      name: 'testbed',
      describe: 'where they run',
      default: 'model',
      candidates: 'testbeds',
    },
    {
      name: 'profile',
      alias: 'p',
      describe: 'hardware generations: names, or JSON files of your own',
      default: 'skylake-2017; on real Xen that of its computer',
      candidates: 'profiles',
    },
    {
      name: 'ring-size',
      describe: 'bytes of ring asked for, per direction, behind its header',
      default: "the suite's",
    },
    { name: 'message-size', describe: 'payload of one write', default: "the suite's" },
    {
      name: 'guest-type',
      describe: 'pv or pvh; pv:pvh sets server and client apart',
      default: "the suite's, mostly pvh",
      candidates: ['pv', 'pvh', 'pv:pvh', 'pvh:pv'],
    },
    {
      name: 'grant-mode',
      describe: 'how pages are granted: persistent, per-transfer, copy',
      default: "the suite's, mostly persistent",
      candidates: ['persistent', 'per-transfer', 'copy'],
    },
    {
      name: 'placement',
      describe: 'own: a physical CPU for each vCPU; shared: one for all',
      default: "the suite's, mostly own",
      candidates: ['own', 'shared'],
    },
    { name: 'suite', describe: 'which sweep', default: 'quick', candidates: 'suites' },
    { name: 'messages', describe: 'payloads to send in each cell', default: "the scenario's" },
    { name: 'seed', describe: 'seed of all that is random', default: '1' },
    { name: 'seeds', describe: 'as many cells that differ in their seed', default: '1' },
    {
      name: 'uncertainty',
      describe: 'as many draws of the prices between low and high, one cell each',
      default: '0',
    },
    {
      name: 'set',
      describe:
        'key=value, a setting of a scenario or transport (named by list scenarios and list transports); may be repeated',
    },
    {
      name: 'output',
      alias: 'o',
      describe: 'results file; - is standard output',
      default: 'a dated file under results/runs/',
      candidates: 'files',
    },
    {
      name: 'format',
      alias: 'f',
      describe: 'what is printed: table, json, ndjson, csv, md',
      default: 'table; json with --output -',
      candidates: RUN_FORMATS,
    },
    { name: 'report', flag: true, describe: 'draw a report into reports/out/' },
    {
      name: 'resume',
      describe: 'finish an interrupted run: its journal (.ndjson)',
      candidates: 'files',
      commandLineOnly: true,
    },
    {
      name: 'shard',
      describe: 'i/n: only this part of the cells, for the i-th of n machines; see merge',
      default: 'all of them',
    },
    { name: 'jobs', alias: 'j', describe: 'cells at a time', default: 'as many as cores' },
    LIVE_OPTIONS.inject,
    XEN_OPTIONS.hypervisor,
    XEN_OPTIONS.symbols,
    XEN_OPTIONS.arguments,
    XEN_OPTIONS.phases,
    XEN_OPTIONS.on,
    XEN_OPTIONS.cache,
    { name: 'quiet', alias: 'q', flag: true, describe: 'no progress and no notes' },
    { name: 'no-progress', flag: true, describe: 'no progress display' },
    {
      name: 'no-harness',
      flag: true,
      describe: "do not measure the harness's own speed at the end of the run (half a second)",
    },
  ],
  examples: [
    ['interdom run', 'compare the transports in all quick scenarios'],
    ['interdom run stream -t libvchan --ring-size 4k..256k', 'one transport, seven ring sizes'],
    [
      'interdom run stream --testbed live',
      'on this machine: real threads, real memory, wall clock',
    ],
    ['interdom run --testbed xen', 'the same kinds of work on real Xen, counted'],
    [
      'interdom run http-transfer --testbed xen --message-size 256k',
      'wget and httpd in two real guests, through a socket proxy',
    ],
    ['interdom run --suite full --shard 2/4 -o part2.json', 'a quarter, for the second of four'],
    ['interdom run stream --set transferBytes=16m --format csv', 'a setting, and CSV for a script'],
  ],
  async run(invocation) {
    const { runCells } = await import('../run/run-cells.js');
    return runCells(invocation);
  },
};
