import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../base/errors.js';
import { journalHeader } from './provenance.js';
import { sampleCell, sampleResults, sampleRun } from './sample-results.js';
import {
  JournalWriter,
  readJournal,
  readResultsFile,
  resultsText,
  writeResultsFile,
} from './store.js';
import type { Cell } from './types.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interdom-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const header = journalHeader(sampleRun());
const cells = [1, 2, 3].map((seed) => sampleCell({ seed }));
const onLinux = { skip: !existsSync('/dev/full') && 'this system has no /dev/full' };

function userError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok((error.remedy ?? '') !== '' && error.where !== undefined);
    return true;
  };
}

function writeJournal(path: string, some: readonly Cell[] = cells): void {
  const writer = JournalWriter.create(path, header);
  for (const cell of some) writer.append(cell);
  writer.close();
}

test('a results file is read as it was written, with one cell a line', async () => {
  const path = join(folder, 'new', 'deep', 'run.json');
  writeResultsFile(path, sampleResults());
  assert.deepEqual(await readResultsFile(path), sampleResults());
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.filter((line) => line.startsWith('{"attributionNs"')).length, 3);
  assert.deepEqual(readdirSync(join(folder, 'new', 'deep')), ['run.json']);
});

test('a run without cells is a file, too', async () => {
  const path = join(folder, 'empty.json');
  writeResultsFile(path, sampleResults(0));
  assert.deepEqual((await readResultsFile(path)).cells, []);
});

test('a failed write leaves the old file and nothing else', () => {
  const path = join(folder, 'run.json');
  writeFileSync(path, 'old');
  const broken = sampleCell();
  Object.assign(broken, { effective: { ringSizeBytes: Number.NaN } });
  assert.throws(
    () => writeResultsFile(path, { ...sampleResults(), cells: [sampleCell(), broken] }),
    /NaN, which JSON cannot say/,
  );
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['run.json']);
});

test('an unwritable place is named with a remedy, and nothing is left', () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'not a folder');
  assert.throws(
    () => writeResultsFile(join(file, 'x.json'), sampleResults()),
    userError(/cannot write .*file.x\.json: a part of the path is a file, not a folder/),
  );
  assert.throws(() => writeResultsFile(folder, sampleResults()), userError(/it is a folder/));
  assert.throws(
    () => writeResultsFile(join(folder, 'x'.repeat(300)), sampleResults()),
    userError(/the name is too long/),
  );
  assert.throws(
    () => JournalWriter.create(join(file, 'x'), header),
    userError(/a part of the path/),
  );
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a full disk is named, and the device stays a device', onLinux, () => {
  assert.throws(
    () => writeResultsFile('/dev/full', sampleResults()),
    userError(/cannot write \/dev\/full: the disk is full \(ENOSPC\)/),
  );
  assert.ok(statSync('/dev/full').isCharacterDevice());
  assert.throws(
    () => JournalWriter.create('/dev/full', header),
    userError(/cannot write \/dev\/full: the disk is full/),
  );
  writeResultsFile('/dev/null', sampleResults());
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('a symbolic link stays one, and the file behind it is replaced', async () => {
  const path = join(folder, 'run.json');
  const link = join(folder, 'latest.json');
  writeFileSync(path, 'old', { mode: 0o640 });
  symlinkSync(path, link);
  writeResultsFile(link, sampleResults());
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal((await readResultsFile(path)).cells.length, 3);
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test('temporary files that a crash left are stepped over', async () => {
  const path = join(folder, 'run.json');
  writeFileSync(join(folder, '.run.json.0.tmp'), 'half');
  writeResultsFile(path, sampleResults());
  assert.equal((await readResultsFile(path)).cells.length, 3);
  for (let i = 1; i <= 100; i++) writeFileSync(join(folder, `.run.json.${i}.tmp`), 'half');
  assert.throws(() => writeResultsFile(path, sampleResults()), userError(/unfinished copies/));
});

test('unreadable files are refused with the reason', async () => {
  await assert.rejects(readResultsFile(join(folder, 'none.json')), userError(/it does not exist/));
  await assert.rejects(readResultsFile(folder), userError(/it is a folder/));
  const path = join(folder, 'run.json');
  writeFileSync(path, [...resultsText(sampleResults())].join('').slice(0, -200));
  await assert.rejects(readResultsFile(path), userError(/not valid JSON: the text ends/));
  await assert.rejects(readJournal(join(folder, 'none.ndjson')), userError(/it does not exist/));
});

test('a journal in place of a results file is recognised', async () => {
  const path = join(folder, 'run.ndjson');
  writeJournal(path);
  await assert.rejects(readResultsFile(path), userError(/journal of an unfinished run/));
  // Also before the first cell is done.
  const begun = { ...header, run: { ...header.run, complete: false } };
  writeFileSync(path, `${JSON.stringify(begun)}\n`);
  await assert.rejects(readResultsFile(path), userError(/journal of an unfinished run/));
});

test('a journal gives back header and cells', async () => {
  const path = join(folder, 'runs', 'run.ndjson');
  writeJournal(path);
  assert.deepEqual(await readJournal(path), {
    header,
    cells,
    torn: false,
    keptBytes: statSync(path).size,
  });
});

test('a journal can be read while it is written', async () => {
  const path = join(folder, 'run.ndjson');
  const writer = JournalWriter.create(path, header);
  assert.deepEqual((await readJournal(path)).cells, []);
  writer.append(cells[0] as Cell);
  assert.equal((await readJournal(path)).cells.length, 1);
  writer.close();
  writer.close();
  assert.throws(() => writer.append(cells[1] as Cell), /journal is closed/);
});

test('a journal is never overwritten', () => {
  const path = join(folder, 'run.ndjson');
  writeJournal(path);
  assert.throws(() => JournalWriter.create(path, header), userError(/exists already/));
  assert.ok(statSync(path).size > 1000);
});

test('cut off at any byte, a journal gives the whole lines, and the run goes on', async () => {
  const path = join(folder, 'run.ndjson');
  writeJournal(path);
  const whole = readFileSync(path);
  const headerEnd = whole.indexOf('\n') + 1;
  const cut = join(folder, 'cut.ndjson');
  for (let length = 0; length < whole.length; length += 13) {
    writeFileSync(cut, whole.subarray(0, length));
    if (length < headerEnd) {
      await assert.rejects(readJournal(cut), userError(/no whole first line/));
      continue;
    }
    const journal = await readJournal(cut);
    assert.equal(journal.torn, journal.keptBytes !== length);
    assert.deepEqual(journal.cells, cells.slice(0, journal.cells.length));
    const writer = JournalWriter.resume(cut, journal.keptBytes);
    for (const cell of cells.slice(journal.cells.length)) writer.append(cell);
    writer.close();
    assert.deepEqual(readFileSync(cut), whole);
  }
});

test('an end of zeros or garbage, as a power loss leaves it, is torn', async () => {
  const path = join(folder, 'run.ndjson');
  writeJournal(path);
  const { keptBytes } = await readJournal(path);
  for (const tail of ['\0'.repeat(100), '{"id":\0\0\0\n', '\ufffd\n', '{"half']) {
    const damaged = join(folder, 'damaged.ndjson');
    writeFileSync(damaged, readFileSync(path));
    appendFileSync(damaged, tail);
    const journal = await readJournal(damaged);
    assert.deepEqual([journal.cells.length, journal.torn, journal.keptBytes], [3, true, keptBytes]);
  }
});

test('damage in the middle of a journal is refused with the line', async () => {
  const path = join(folder, 'run.ndjson');
  writeJournal(path);
  const lines = readFileSync(path, 'utf8').split('\n');
  const put = (line: number, text: string): void =>
    writeFileSync(path, lines.map((old, i) => (i === line - 1 ? text : old)).join('\n'));
  put(3, 'garbage');
  await assert.rejects(readJournal(path), (error: unknown) => {
    assert.ok(error instanceof UserError);
    return error.where === `${path}, line 3` && /not valid JSON/.test(error.message);
  });
  put(4, '{"id":"x"}');
  await assert.rejects(readJournal(path), userError(/\$\.testbed is missing/));
  put(4, lines[1] as string);
  await assert.rejects(readJournal(path), userError(/stands in line 2 already/));
  put(1, '{"schemaVersion":2}');
  await assert.rejects(readJournal(path), userError(/\$\.schemaVersion is 2/));
});

test('going on with a journal that is gone is refused', () => {
  assert.throws(() => JournalWriter.resume(join(folder, 'none'), 10), userError(/does not exist/));
  mkdirSync(join(folder, 'dir'));
  assert.throws(() => JournalWriter.resume(join(folder, 'dir'), 10), userError(/it is a folder/));
});
