import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { renderReport } from '../../src/report/render-report.js';
import { Browser, CHROMIUM, type Page } from './chromium.js';
import { assertLooksLike, differingShare } from './golden-image.js';
import { plausibleResults } from './plausible-results.js';

const skip = CHROMIUM === undefined ? 'NO CHROMIUM HERE: nobody looks at the page' : false;
const root = mkdtempSync(join(tmpdir(), 'interdom-look-'));
const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const font = readFileSync(require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')).toString(
  'base64',
);
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
let browser: Browser;
let url: string;
let withoutScripts: string;

before(async () => {
  if (skip !== false) return;
  browser = new Browser(join(root, 'profile'));
  const results = plausibleResults({ ringSizes: [4096, 65_536], messageSizes: [64, 4096, 65_536] });
  const [path] = await renderReport([results], join(root, 'report'));
  url = pathToFileURL(path as string).href;
  const bare = join(root, 'report', 'without-scripts.html');
  const html = readFileSync(path as string, 'utf8');
  writeFileSync(bare, html.replace(/<script(?: [^>]*)?>[\s\S]*?<\/script>/g, ''));
  withoutScripts = pathToFileURL(bare).href;
});

after(async () => {
  if (skip === false) await browser.close();
  rmSync(root, { recursive: true, force: true });
});

interface Look {
  readonly size?: { width: number; height: number };
  readonly colours?: 'light' | 'dark';
  readonly media?: 'screen' | 'print';
}

/** The page with letters that are the same on every machine. */
async function open(address: string, look: Look = {}): Promise<Page> {
  const page = await browser.open(address, look.size ?? WIDE, async (fresh) => {
    await fresh.emulate(look.media ?? 'screen', look.colours ?? 'light');
    await fresh.send('Page.setBypassCSP', { enabled: true });
  });
  await page.until(
    address === withoutScripts
      ? "document.readyState === 'complete'"
      : "document.documentElement?.dataset.ready === 'true'",
  );
  await page.evaluate(
    `(async () => { const face = new FontFace('Golden', 'url(data:font/ttf;base64,${font})'); await face.load(); document.fonts.add(face);` +
      "const style = document.createElement('style'); style.textContent = '* { font-family: Golden !important }'; document.head.append(style); await document.fonts.ready; })()",
  );
  return page;
}

/** What axe-core finds: rules and the elements that break them. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(`${axe}; 0`);
  return page.evaluate<string[]>(
    'axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target)))',
  );
}

/** Scrolls to a figure and waits until its charts are drawn, where there are scripts that draw them. */
async function settle(page: Page, selector: string): Promise<void> {
  await page.evaluate(`document.querySelector('${selector}').scrollIntoView()`);
  await page.until(
    `[...document.querySelectorAll('${selector} canvas')].every((c) => window.Chart === undefined || Chart.getChart(c))`,
  );
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
  );
}

test('an accessibility checker finds nothing: light, dark, on a phone, on paper, without scripts', {
  skip,
}, async () => {
  const looks: readonly (readonly [address: string, look: Look])[] = [
    [url, {}],
    [url, { colours: 'dark' }],
    [url, { size: PHONE }],
    [url, { media: 'print' }],
    [withoutScripts, {}],
    [withoutScripts, { colours: 'dark' }],
  ];
  for (const [address, look] of looks) {
    const page = await open(address, look);
    if (address === url && look.media !== 'print') {
      await page.click('button[data-cell]');
      await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    }
    assert.deepEqual(await faults(page), [], JSON.stringify(look));
  }
});

test('the checker is not blind: a picture without a text is found', { skip }, async () => {
  const page = await open(url);
  await page.evaluate("document.querySelector('h1').append(new Image())");
  assert.match((await faults(page)).join(), /image-alt/);
});

test('the page looks as it was looked at', { skip }, async () => {
  await assertLooksLike(await (await open(url)).screenshot(), 'verdict-light');
  await assertLooksLike(await (await open(url, { colours: 'dark' })).screenshot(), 'verdict-dark');
  await assertLooksLike(await (await open(url, { size: PHONE })).screenshot(), 'verdict-phone');
  await assertLooksLike(await (await open(url, { media: 'print' })).screenshot(), 'verdict-print');
  const page = await open(url, { colours: 'dark' });
  await settle(page, '#figure-cpu-time');
  await assertLooksLike(await page.screenshot(), 'cpu-time-dark');
  const bare = await open(withoutScripts);
  await settle(bare, '#figure-stream-by-ring-size');
  await assertLooksLike(await bare.screenshot(), 'stream-without-scripts');
});

test('an SVG looks like its PNG', { skip }, async () => {
  for (const id of ['stream-by-ring-size', 'cpu-time', 'latency-percentiles']) {
    const png = readFileSync(join(root, 'report', `${id}.png`));
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    const page = await browser.open('about:blank', { width, height });
    const svg = readFileSync(join(root, 'report', `${id}.svg`), 'utf8');
    await page.evaluate(
      `document.body.style.margin = '0'; document.body.innerHTML = ${JSON.stringify(svg)}; const e = document.querySelector('svg'); e.setAttribute('width', ${width}); e.setAttribute('height', ${height}); e.style.display = 'block'; 0`,
    );
    const share = await differingShare(await page.screenshot(), png);
    assert.ok(share < 0.03, `${id}: ${(share * 100).toFixed(1)} % differs`);
  }
});

test('on a phone nothing is wider than the screen', { skip }, async () => {
  const page = await open(url, { size: PHONE });
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(width <= PHONE.width, `${width} pixels`);
});

test('on paper: no controls, white ground even where the screen is dark, and all of the charts', {
  skip,
}, async () => {
  const page = await open(`${url}#theme=dark`, { media: 'print', colours: 'dark' });
  const style = (selector: string, name: string): Promise<string> =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${name}`);
  assert.equal(await style('#choices', 'display'), 'none');
  assert.equal(await style('body', 'backgroundColor'), 'rgb(255, 255, 255)');
  const { data } = await page.send('Page.printToPDF', { printBackground: true });
  assert.match(Buffer.from(data as string, 'base64').toString('latin1', 0, 8), /^%PDF-1/);
  assert.deepEqual(page.complaints, []);
});

test('everything can be reached and worked by keyboard', { skip }, async () => {
  const page = await open(url);
  const focused = (): Promise<string> =>
    page.evaluate(
      '(() => { const e = document.activeElement; return e.tagName + " " + (e.id || e.name || e.textContent.slice(0, 30)); })()',
    );
  await page.press('Tab');
  assert.equal(await focused(), 'A Skip to the verdict');
  await page.press('Enter', '\r');
  await page.until("document.activeElement.id === 'verdict'");
  const reached = new Set<string>();
  for (let i = 0; i < 120; i++) {
    await page.press('Tab');
    reached.add((await focused()).split(' ')[0] as string);
    if ((await focused()).startsWith('INPUT')) break;
  }
  assert.ok(
    ['A', 'SUMMARY', 'INPUT'].every((kind) => reached.has(kind)),
    [...reached].join(),
  );
  await page.evaluate("document.querySelector('button[data-cell]').focus()");
  await page.press('Enter', '\r');
  await page.until("document.querySelector('.detail-box') !== null");
  assert.equal(await page.evaluate("document.activeElement.getAttribute('aria-expanded')"), 'true');
  await page.evaluate("document.querySelector('button[data-pin]').focus()");
  await page.press('Enter', '\r');
  assert.equal(await page.evaluate("document.activeElement.getAttribute('aria-pressed')"), 'false');
});
