import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { callProgram } from './cli/in-process.js';
import { cellsText } from './cli/results-text.js';
import { MAIN, temporaryFolder } from './cli/spawn-program.js';

const RUN = [
  'run',
  'stream',
  '--transport=libvchan',
  '--ring-size=4k..64k',
  '--message-size=512,1k,4k',
  '--seeds=2',
  '--messages=500',
  '--no-harness',
  '--quiet',
  '--output=r.json',
];

/** In a mount namespace of its own: a disk of 96 KiB, a run, room on the disk, the run's end. */
const SCRIPT = `
set -u
mkdir disk && mount -t tmpfs -o size=96k none disk || exit 99
cd disk
"$@" 2>../first.txt
echo $? >../first.code
ls >../first.left
mount -o remount,size=16m .
"$1" "$2" run --resume r.ndjson --no-harness --quiet >../second.txt 2>&1
echo $? >../second.code
cp r.json ..
ls >../second.left
mount -o remount,size=400k .
"$1" "$2" report r.json --out report --quiet 2>../report.txt
echo $? >../report.code
ls -A report | grep -c tmp >../report.left
mount -o remount,size=32m .
"$1" "$2" report r.json --out report --quiet 2>>../report.txt
echo $? >>../report.code
`;

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe('a disk that is full', () => {
  it('keeps the cells that were done, and run and report go on once there is room', {
    skip: !mayMount && 'no file system can be mounted here (unshare -m)',
  }, async () => {
    const cwd = temporaryFolder();
    const undisturbed = temporaryFolder();
    const whole = await callProgram(RUN, { cwd: undisturbed });
    assert.equal(whole.code, 0, whole.stderr);
    const words = ['-m', 'bash', '-c', SCRIPT, 'script', process.execPath, MAIN, ...RUN];
    const { status, stderr } = spawnSync('unshare', words, { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
    assert.equal(read('first.code'), '2\n', read('first.txt'));
    assert.match(
      read('first.txt'),
      /^interdom: cannot write r\.ndjson: the disk is full \(ENOSPC\)\n {2}in r\.ndjson\n {2}try: .*; to go on: interdom run --resume r\.ndjson$/m,
    );
    assert.equal(read('first.left'), 'r.ndjson\n');
    assert.equal(read('second.code'), '0\n', read('second.txt'));
    assert.equal(read('second.left'), 'r.json\n');
    assert.equal(cellsText(join(cwd, 'r.json')), cellsText(join(undisturbed, 'r.json')));
    assert.equal(read('report.code'), '2\n0\n', read('report.txt'));
    assert.match(
      read('report.txt'),
      /^interdom: cannot write report\/[\w.-]+: the disk is full \(ENOSPC\)\n {2}in report\//,
    );
    assert.equal(read('report.left'), '0\n', 'no temporary file stays');
  });
});
