import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { callProgram } from './cli/in-process.js';
import { temporaryFolder } from './cli/spawn-program.js';

/** A mistake, and the message for it: what, where and what to do. */
interface Mistake {
  readonly words: readonly string[];
  readonly what: RegExp | string;
  readonly where: RegExp | string;
  readonly remedy: RegExp | string | undefined;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

const run = (...words: string[]): readonly string[] => [
  'run',
  'stream',
  '-t',
  'libvchan',
  ...words,
];

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'an unknown command': {
    words: ['rnu'],
    what: '"rnu" is not a command',
    where: 'the command line',
    remedy: /^did you mean "run"\? there are: run, compare, report, /,
  },
  'an unknown command, asked for help': {
    words: ['rnu', '--help'],
    what: '"rnu" is not a command',
    where: 'the command line',
    remedy: /^did you mean "run"\? /,
  },
  'an option before any command': {
    words: ['--ring-size', '4k'],
    what: 'the option --ring-size stands before no command',
    where: 'the command line',
    remedy: /^name the command first: run, /,
  },
  'an unknown option': {
    words: run('--rign-size', '4k'),
    what: '"--rign-size" is not an option of run',
    where: 'interdom run',
    remedy: 'did you mean "--ring-size"? (see interdom run --help)',
  },
  'an unknown transport': {
    words: ['run', 'stream', '-t', 'libvcahn'],
    what: '"libvcahn" is not a transport',
    where: '--transport',
    remedy: /^did you mean "libvchan"\? there are: /,
  },
  'an unknown scenario': {
    words: ['run', 'steram'],
    what: '"steram" is not a scenario',
    where: 'interdom run',
    remedy: /^did you mean "stream"\? there are: /,
  },
  'an unknown profile': {
    words: run('-p', 'skylake-2018'),
    what: '"skylake-2018" is not a profile',
    where: '--profile',
    remedy: /^did you mean "skylake-2017"\? .*; a file of your own ends in \.json$/,
  },
  'an unknown testbed': {
    words: run('--testbed', 'modle'),
    what: '"modle" is not a testbed',
    where: '--testbed',
    remedy: /^did you mean "model"\?/,
  },
  'an unknown suite': {
    words: run('--suite', 'quik'),
    what: '"quik" is not a suite',
    where: '--suite',
    remedy: /^did you mean "quick"\?/,
  },
  'a word that is no size': {
    words: run('--ring-size', '4q'),
    what: '"4q" is not a size',
    where: '--ring-size',
    remedy: /^give bytes \(4096\)/,
  },
  'a range that runs backwards': {
    words: run('--message-size', '1m..4k'),
    what: 'the range "1m..4k" runs backwards',
    where: '--message-size',
    remedy: /4k\.\.1m/,
  },
  'a size of nothing': {
    words: run('--message-size', '0'),
    what: 'a size of 0 bytes cannot be had',
    where: '--message-size',
    remedy: 'give 1 byte to 1 GiB',
  },
  'a size that no transport can have': {
    words: run('--ring-size', '32m'),
    what: /^no selected transport can have this: libvchan: a libvchan ring is at most 1 MiB/,
    where: 'run',
    remedy: /interdom list transports/,
  },
  'a guest type that is none': {
    words: run('--guest-type', 'hvm'),
    what: '"hvm" is not a guest type',
    where: '--guest-type',
    remedy: /pv, pvh/,
  },
  'three sides of a connection': {
    words: run('--guest-type', 'pv:pvh:pv'),
    what: '"pv:pvh:pv" names more than two sides',
    where: '--guest-type',
    remedy: /server and a client/,
  },
  'an unknown grant mode': {
    words: run('--grant-mode', 'persistant'),
    what: '"persistant" is not a value of --grant-mode',
    where: '--grant-mode',
    remedy: /^did you mean "persistent"\?/,
  },
  'an unknown placement': {
    words: run('--placement', 'both'),
    what: '"both" is not a value of --placement',
    where: '--placement',
    remedy: 'there are: own, shared',
  },
  'an unknown format': {
    words: run('--format', 'xml'),
    what: '"xml" is not a value of --format',
    where: '--format',
    remedy: /table, json, ndjson, csv, md/,
  },
  'a seed that is no number': {
    words: run('--seed', 'one'),
    what: '"one" is not a whole number from 0 to 4294967295',
    where: '--seed',
    remedy: undefined,
  },
  'a count that is too small': {
    words: run('--jobs', '0'),
    what: '"0" is not a whole number from 1 to 1024',
    where: '--jobs',
    remedy: undefined,
  },
  'a value that is missing': {
    words: run('--ring-size'),
    what: 'a value is missing',
    where: '--ring-size',
    remedy: /give one/,
  },
  'a hole in a list': {
    words: run('--ring-size', '4k,,8k'),
    what: 'a value is missing',
    where: '--ring-size',
    remedy: /give one/,
  },
  'one value given twice': {
    words: run('--seed', '1', '--seed', '2'),
    what: 'it is given 2 times, and one value is wanted',
    where: '--seed',
    remedy: undefined,
  },
  'a setting without a value': {
    words: run('--set', 'transferBytes'),
    what: '"transferBytes" is not key=value',
    where: '--set',
    remedy: /--set transferBytes=16m/,
  },
  'an unknown setting': {
    words: run('--set', 'transferByte=1'),
    what: /^"transferByte" is not a setting of the selected scenarios/,
    where: '--set transferByte',
    remedy: /^did you mean "transferBytes"\?/,
  },
  'a setting out of its range': {
    words: run('--set', 'transferBytes=2g'),
    what: 'transferBytes of stream cannot be 2147483648',
    where: '--set transferBytes',
    remedy: 'give a whole number from 0 to 1073741824',
  },
  'a profile that is not there': {
    words: run('--profile', 'mine.json'),
    what: 'cannot read mine.json: it does not exist (ENOENT)',
    where: 'mine.json',
    remedy: 'check the path',
  },
  'a profile that is no JSON': {
    words: run('--profile', 'mine.json'),
    files: { 'mine.json': '{ "name": "mine", }' },
    what: /JSON/,
    where: /mine\.json/,
    remedy: undefined,
  },
  'a profile with an unknown price': {
    words: run('--profile', 'mine.json'),
    files: {
      'mine.json':
        '{ "name": "mine", "like": "skylake-2017", "prices": { "vmexits": { "value": 1 } } }',
    },
    what: /vmexits/,
    where: /mine\.json/,
    remedy: /vmexit/,
  },
  'an output that is a folder': {
    words: run('--output', 'folder'),
    files: { 'folder/x': '' },
    what: 'cannot write folder: it is a folder',
    where: '--output',
    remedy: 'name a file in it',
  },
  'an output below a file': {
    words: run('--output', 'file/r.json'),
    files: { file: '' },
    what: 'cannot write file/r.json: a part of the path is a file, not a folder (ENOTDIR)',
    where: 'file/r.json',
    remedy: 'check the path',
  },
  'an output with an unfinished run beside it': {
    words: run('--output', 'r.json'),
    files: { 'r.ndjson': '{}\n' },
    what: 'r.ndjson exists already: an unfinished run left it',
    where: 'r.ndjson',
    remedy: 'continue that run (interdom run --resume r.ndjson), or remove the file',
  },
  'a journal that is not there': {
    words: ['run', '--resume', 'r.ndjson'],
    what: 'cannot read r.ndjson: it does not exist (ENOENT)',
    where: 'r.ndjson',
    remedy: 'check the path',
  },
  'a journal that is none': {
    words: ['run', '--resume', 'r.ndjson'],
    files: { 'r.ndjson': '{"cells": []}\n' },
    what: '$.schemaVersion is missing',
    where: 'r.ndjson, line 1',
    remedy: /results file that interdom wrote/,
  },
  'a complete run to be resumed': {
    words: ['run', '--resume', 'r.json'],
    files: { 'r.json': '{}' },
    what: 'r.json has no journal (r.ndjson) beside it',
    where: '--resume',
    remedy: /start a new run/,
  },
  'a resumed run with another plan': {
    words: ['run', '--resume', 'r.ndjson', '--seed', '2'],
    what: 'a resumed run has the options that it began with',
    where: '--seed',
    remedy: 'leave it out, or start a run of its own',
  },
  'a configuration that is no JSON': {
    words: run(),
    files: { 'interdom.config.json': '{\n "run": nonsense }' },
    what: 'not valid JSON: a value should stand',
    where: 'interdom.config.json, line 2, column 9',
    remedy: undefined,
  },
  'a configuration with an unknown section': {
    words: run(),
    files: { 'interdom.config.json': '{ "rum": {} }' },
    what: '"rum" is not a section of the configuration',
    where: 'interdom.config.json',
    remedy: /^did you mean "run"\?/,
  },
  'a configuration with an unknown option': {
    words: run(),
    files: { 'interdom.config.json': '{ "run": { "ringsize": 4096 } }' },
    what: '"ringsize" is not an option of run that a configuration may set',
    where: 'interdom.config.json: run.ringsize',
    remedy: /^did you mean "ring-size"\?/,
  },
  'a configuration that is not there': {
    words: run('--config', 'mine.json'),
    what: 'cannot read mine.json: it does not exist (ENOENT)',
    where: 'mine.json',
    remedy: 'check the path',
  },
  'a bad value in the configuration': {
    words: run(),
    files: { 'interdom.config.json': '{ "run": { "ring-size": "4q" } }' },
    what: '"4q" is not a size',
    where: 'interdom.config.json: run.ring-size',
    remedy: /^give bytes/,
  },
  'a bad value in the environment': {
    words: run(),
    environment: { INTERDOM_RING_SIZE: '4q' },
    what: '"4q" is not a size',
    where: 'INTERDOM_RING_SIZE',
    remedy: /^give bytes/,
  },
  'an unknown list': {
    words: ['list', 'transport'],
    what: '"transport" is not a list',
    where: 'interdom list',
    remedy: /^did you mean "transports"\?/,
  },
  'nothing to list': {
    words: ['list'],
    what: /^list needs to be told: transports, scenarios/,
    where: 'interdom list',
    remedy: 'interdom list scenarios',
  },
  'an unknown name to tell about': {
    words: ['list', 'profiles', 'zen5'],
    what: '"zen5" is not one of the profiles',
    where: 'interdom list profiles',
    remedy: /zen4-2023/,
  },
  'an unknown shell': {
    words: ['completion', 'fish'],
    what: '"fish" is not a shell with completion',
    where: 'interdom completion',
    remedy: 'there are: bash, zsh',
  },
  'one word too many': {
    words: ['schema', 'please'],
    what: '"please" is one word too many',
    where: 'interdom schema',
    remedy: 'see interdom schema --help',
  },
  'a results file that is not there': {
    words: ['compare', 'r.json'],
    what: 'cannot read r.json: it does not exist (ENOENT)',
    where: 'r.json',
    remedy: 'check the path',
  },
  'a results file that is cut off': {
    words: ['report', 'r.json'],
    files: { 'r.json': '{"schemaVersion": 1, "run": {' },
    what: /^not valid JSON: the text ends where .* at line 1, column 30$/,
    where: 'r.json',
    remedy: /cut off/,
  },
  'a newest run where there is none': {
    words: ['compare', 'latest'],
    what: 'there is no run under results/runs',
    where: 'latest',
    remedy: /interdom run/,
  },
  'three runs to compare': {
    words: ['compare', 'a.json', 'b.json', 'c.json'],
    what: '3 runs are named, and two can be compared',
    where: 'interdom compare',
    remedy: /before and the one after/,
  },
  'no run to report': {
    words: ['report'],
    what: /^report needs to be told: results files/,
    where: 'interdom report',
    remedy: /^interdom report latest/,
  },
};

describe('wrong input', () => {
  for (const [name, mistake] of Object.entries(MISTAKES)) {
    it(`answers ${name} with exit code 2: what, where and what to do`, async () => {
      const cwd = temporaryFolder();
      const files = mistake.files ?? {};
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(cwd, path, '..'), { recursive: true });
        writeFileSync(join(cwd, path), text);
      }
      const before = readdirSync(cwd, { recursive: true });
      const { environment = {} } = mistake;
      const { code, stdout, stderr } = await callProgram(mistake.words, { cwd, environment });
      const found = /^interdom: (.*)\n {2}in (.*)(?:\n {2}try: (.*))?\n$/.exec(stderr);
      assert.ok(found, `another form of message: ${stderr}`);
      holds(found[1], mistake.what);
      holds(found[2], mistake.where);
      if (mistake.remedy !== undefined) holds(found[3], mistake.remedy);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.deepEqual(readdirSync(cwd, { recursive: true }), before, 'files were left behind');
    });
  }

  it('says what is a slip among the variables of the environment', async () => {
    const cwd = temporaryFolder();
    const environment = { INTERDOM_RINGSIZE: '4k', INTERDOM_SOMETHING_ELSE: 'x' };
    const { code, stderr } = await callProgram(['schema'], { cwd, environment });
    assert.equal(code, 0);
    assert.equal(
      stderr,
      'interdom: INTERDOM_RINGSIZE sets no option: did you mean INTERDOM_RING_SIZE?\n',
    );
  });

  it('refuses to write where it may not', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, async () => {
    const cwd = temporaryFolder();
    chmodSync(cwd, 0o500);
    const { code, stderr } = await callProgram(run('--messages', '10'), { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /permission is denied \(EACCES\)/);
  });
});

function holds(actual: string | undefined, expected: RegExp | string): void {
  if (typeof expected === 'string') assert.equal(actual, expected);
  else assert.match(actual ?? '', expected);
}
