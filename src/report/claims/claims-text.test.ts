import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostileResults } from '../../../test/report/hostile-results.js';
import { plausibleResults } from '../../../test/report/plausible-results.js';
import { judgeClaims } from '../../judge/claims/judge-claims.js';
import { claimsJson } from './claims-json.js';
import { claimsMarkdown } from './claims-markdown.js';
import { claimsMarkup } from './claims-markup.js';
import { claimsText } from './claims-text.js';

const results = plausibleResults({
  profiles: ['skylake-2017'],
  ringSizes: [4096, 65_536],
  messageSizes: [64, 4096],
});

describe('the answer sheet', () => {
  it('as text keeps to 78 columns, with all details and without', () => {
    const sheets = [results, hostileResults(true), hostileResults(false)].map((one) =>
      judgeClaims([one]),
    );
    for (const sheet of sheets) {
      for (const details of [false, true]) {
        for (const line of claimsText(sheet, details).split('\n')) {
          assert.ok(line.length <= 78, line);
        }
      }
    }
  });

  it('begins with the table, and ends with who should use which', () => {
    const text = claimsText(judgeClaims([results]), false);
    const [title, , ...lines] = text.split('\n');
    assert.equal(title, 'The V4V proposal (xen-devel, 2012), claim by claim');
    const table = lines.findIndex((line) => /^claim +answer$/.test(line));
    assert.ok(table > 0 && table < 6);
    assert.match(text, /^Pretty close at equal buffer size +(supported|depends|contradicted)/m);
    assert.match(text, /^Who should use which$/m);
  });

  it('numbers the cells it speaks of, each once', () => {
    const text = claimsText(judgeClaims([results], ['close-at-equal-buffers']), true);
    const cited = [...text.matchAll(/ \[([\d, ]+)\]/g)].flatMap(([, list]) =>
      (list as string).split(',').map(Number),
    );
    const listed = [...text.matchAll(/^\[(\d+)\] /gm)].map(([, number]) => Number(number));
    assert.ok(listed.length > 0);
    assert.deepEqual(
      [...new Set(cited)].sort((a, b) => a - b),
      listed,
    );
    // The text breaks long ids at commas: put together again they are the ids.
    const joined = text.replace(/\n {2,}/g, '');
    for (const { telling } of judgeClaims([results], ['close-at-equal-buffers']).answers[0]
      ?.parts ?? []) {
      for (const id of telling) assert.ok(joined.includes(id), id);
    }
  });

  it('names every threshold that it used', () => {
    const text = claimsText(judgeClaims([results]), false).replace(/\s+/g, ' ');
    assert.match(text, /within 25 %/);
    assert.match(text, /at most twice as many/);
    assert.match(text, /supported from 75 % of the cases on/);
  });

  it('is the same for the same results', () => {
    const sheet = (): string => claimsJson(judgeClaims([structuredClone(results)]));
    assert.equal(sheet(), sheet());
  });

  it('as JSON has each claim with its parts, cells and thresholds', () => {
    const sheet = JSON.parse(claimsJson(judgeClaims([results])));
    const known = new Set(results.cells.map(({ id }) => id));
    assert.ok(sheet.answers.length > 25);
    assert.equal(sheet.thresholds.close.most, 1.25);
    for (const { parts } of sheet.answers) {
      for (const { cells } of parts) for (const id of cells) assert.ok(known.has(id), id);
    }
  });

  it('keeps what a results file holds from becoming markup', () => {
    for (const recognisable of [true, false]) {
      const sheet = judgeClaims([hostileResults(recognisable)]);
      assert.doesNotMatch(claimsMarkup(sheet).text, /<(script|img|svg|iframe)/i);
      assert.doesNotMatch(claimsMarkdown(sheet), /<(script|img|svg|iframe)/i);
    }
  });

  it('in a page leads from each claim to its cells', () => {
    const page = claimsMarkup(judgeClaims([results])).text;
    assert.match(page, /<details id="claim-close-at-equal-buffers">/);
    assert.match(page, /data-cell-id="model\/skylake-2017\/v4v\/buffer-size\//);
  });
});
