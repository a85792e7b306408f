import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import vm from 'node:vm';
import { hostileResults } from '../../test/report/hostile-results.js';
import { plausibleResults } from '../../test/report/plausible-results.js';
import type { ResultsFile } from '../results/types.js';
import { collectReportData } from './collect.js';
import { jsonText, renderPage } from './html.js';
import { openingChoice } from './render-report.js';
import { pageModel } from './view/page-body.js';

function page(results: ResultsFile): string {
  const data = collectReportData([results]);
  const choice = openingChoice(data);
  return renderPage(data, choice, pageModel(data, choice), new Map());
}

const small = plausibleResults({ ringSizes: [4096, 65_536], messageSizes: [64, 4096] });
const text = page(small);

/** The page without its scripts and style: what its markup says. */
const markup = (whole: string): string =>
  whole.replace(/<script>[\s\S]*?<\/script>/g, '').replace(/<style>[\s\S]*?<\/style>/g, '');

test('the policy allows exactly the scripts and the style that are in the page', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? '';
  const decoded = policy.replace(/&#39;/g, "'");
  assert.match(decoded, /^default-src 'none'; script-src 'sha256-/);
  assert.doesNotMatch(decoded, /unsafe|https?:|\*/);
  const hashes = [...text.matchAll(/<(?:script|style)>([\s\S]*?)<\/(?:script|style)>/g)].map(
    ([, body]) =>
      createHash('sha256')
        .update(body as string)
        .digest('base64'),
  );
  assert.equal(hashes.length, 3);
  for (const hash of hashes) assert.ok(decoded.includes(`'sha256-${hash}'`), hash);
});

test('nothing is fetched, and no attribute runs a script', () => {
  const body = markup(text);
  assert.doesNotMatch(body, /(?:src|href)="(?!#|data:image\/png)/);
  assert.doesNotMatch(body, / on[a-z]+="/);
  assert.doesNotMatch(body, / style="/);
});

test('the scripts parse', () => {
  const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, body]) => body);
  assert.equal(scripts.length, 2);
  for (const script of scripts) new vm.Script(script as string);
});

test('there is a language, one main heading, and headings follow in order', () => {
  assert.match(text, /<html lang="en">/);
  const levels = [...markup(text).matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  levels.forEach((level, i) => {
    assert.ok(level <= (levels[i - 1] ?? 0) + 1, `h${level} after h${levels[i - 1]}`);
  });
});

test('every id is there once, and every link inside the page leads somewhere', () => {
  const body = markup(text);
  const ids = [...body.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of body.matchAll(/href="#([^"]*)"/g)) {
    assert.ok(ids.includes(target as string), target);
  }
});

test('sections come in the order in which a reader asks', () => {
  const titles = [...markup(text).matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
  assert.deepEqual(titles, [
    'Verdict',
    'Buffer sizes',
    'Where the CPU time goes',
    'Hypervisor entries and TLB',
    'Latency',
    'Other workloads',
    'Every number',
  ]);
});

test('a table stands beside each chart', () => {
  const figures = markup(text).split('<figure ').slice(1);
  assert.ok(figures.length >= 9);
  for (const figure of figures) {
    assert.match(figure, /<canvas role="img"/);
    assert.match(figure.split('</figure>')[0] ?? '', /<tbody><tr>/);
  }
});

test('the same results give the same page', () => {
  assert.equal(page(structuredClone(small)), text);
});

test('whatever a results file contains is text', () => {
  for (const recognisable of [true, false]) {
    const evil = page(hostileResults(recognisable));
    assert.doesNotMatch(evil, /<img src=x/);
    assert.doesNotMatch(evil, /<script>window/);
    assert.doesNotMatch(evil, /<!--/);
    assert.equal(evil.match(/<script/g)?.length, 4, 'settings, data and two scripts');
    for (const [, body] of evil.matchAll(/<script>([\s\S]*?)<\/script>/g)) {
      new vm.Script(body as string);
    }
    const settings = /id="settings">([\s\S]*?)<\/script>/.exec(evil)?.[1] ?? '';
    assert.ok(JSON.parse(settings));
  }
});

test('JSON in a page can be read back and cannot end its element', () => {
  const value = { a: '</script><!-- \u2028 &amp; ', b: [1, null] };
  const json = jsonText(value).text;
  assert.deepEqual(JSON.parse(json), value);
  assert.doesNotMatch(json, /[<>&\u2028]/);
});

test('a run in which nothing is valid has a page that says so', () => {
  const cells = small.cells.map((cell) => ({
    ...cell,
    verdict: 'invalid' as const,
    reason: 'lost',
    metrics: {},
  }));
  const empty = page({ ...small, cells });
  assert.match(empty, /No valid cell has a figure/);
  assert.match(empty, /<h2>Every number<\/h2>/);
});
