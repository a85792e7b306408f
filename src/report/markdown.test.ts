import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE, hostileResults } from '../../test/report/hostile-results.js';
import { plausibleResults } from '../../test/report/plausible-results.js';
import type { ResultsFile } from '../results/types.js';
import { collectReportData } from './collect.js';
import { MOST_CHARACTERS, renderMarkdown, text } from './markdown.js';
import { openingChoice } from './render-report.js';
import { pageModel } from './view/page-body.js';

function markdown(results: ResultsFile): string {
  const data = collectReportData([results]);
  const choice = openingChoice(data);
  return renderMarkdown(data, choice, pageModel(data, choice));
}

const report = markdown(plausibleResults());

test('the verdict comes first, pictures by name, tables beside them', () => {
  const headings = [...report.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  assert.equal(headings[0], 'Verdict');
  assert.match(report, /!\[Bulk stream: .*\]\(stream-by-ring-size\.png\)/);
  assert.match(
    report,
    /\| Bulk stream \(Throughput, a 64 KiB ring, 4 KiB messages\) \| .*\*\*2\.75 GiB\/s\*\*/,
  );
});

test('every row of a table has as many cells as its head', () => {
  let width = 0;
  for (const line of report.split('\n')) {
    if (!line.startsWith('|')) width = 0;
    else {
      const cells = line.replace(/\\\|/g, '').split('|').length;
      if (width === 0) width = cells;
      assert.equal(cells, width, line);
    }
  }
});

test('it fits a comment, and says where it was cut', () => {
  const few = plausibleResults({ profiles: ['skylake-2017'], ringSizes: [4096, 65_536] });
  const cells = Array.from({ length: 12 }, (_, i) =>
    few.cells.map((cell) => ({ ...cell, scenario: `${cell.scenario}-${i}` })),
  ).flat();
  const long = { ...few, cells };
  const cut = markdown(long);
  assert.ok(cut.length <= MOST_CHARACTERS, `${cut.length} characters`);
  assert.match(cut, /\*Cut here: the rest is in index\.html beside this file\.\*\n$/);
  assert.ok(report.length < MOST_CHARACTERS);
});

test('text of a results file starts no markup', () => {
  const harmless = text(HOSTILE);
  assert.doesNotMatch(harmless, /[<>\n\r]|(?<!\\)[[\]`|*_]|@/);
  assert.doesNotMatch(
    harmless,
    /[\p{Cc}\u202e\u2028]/u,
    'nor steers a terminal or the way of writing',
  );
  assert.doesNotMatch(text('www.example.org'), /www\./);
  for (const recognisable of [true, false]) {
    const evil = markdown(hostileResults(recognisable));
    assert.doesNotMatch(evil, /<img|<script|@all|(?<!\\)\[x\]/);
  }
});
