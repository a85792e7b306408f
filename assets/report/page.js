// The page with scripts on: unpacks the data, draws the charts with the code that drew the PNGs, and follows the controls.
import { pageBody, pageContents, pageModel } from '../../dist/src/report/view/page-body.js';
import { panelChart } from '../../dist/src/report/view/panel-chart.js';
import { decodePayload } from '../../dist/src/report/view/payload-format.js';
import { DARK, LIGHT } from '../../dist/src/report/view/theme.js';
import { showCell, startCells } from './cells.js';
import { fillControls, readChoice, showChoice } from './controls.js';
import { readFragment, writeFragment } from './fragment.js';

const byId = (id) => document.getElementById(id);
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
const FONT = { fontFamily: 'system-ui, "DejaVu Sans", sans-serif', fontSize: 12 };

/** What is on the screen: the data, the reader's choice, and the charts that are drawn. */
const page = {
  data: undefined,
  settings: undefined,
  choice: undefined,
  model: undefined,
  /** Id and title of the sections that no choice changes. */
  fixed: [],
  charts: new Map(),
  table: undefined,
  /** Id of the cell that a link asks for; empty for none. */
  cell: '',
};

async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return JSON.parse(await new Response(stream).text());
}

function theme(printing = false) {
  const chosen = document.documentElement.dataset.theme;
  const dark = !printing && (chosen === undefined ? prefersDark.matches : chosen === 'dark');
  return { ...(dark ? DARK : LIGHT), ...FONT };
}

function dropCharts() {
  for (const chart of page.charts.values()) chart.destroy();
  page.charts.clear();
}

function drawCanvas(canvas, colours) {
  if (page.charts.has(canvas)) return;
  const id = canvas.closest('figure').dataset.figure;
  const figures = page.model.sections.flatMap((section) => section.figures);
  const panel = figures.find((figure) => figure.id === id)?.panels[Number(canvas.dataset.panel)];
  if (panel === undefined) return;
  const box = canvas.parentElement.getBoundingClientRect();
  const config = panelChart(panel, colours, { width: box.width, height: box.height });
  page.charts.set(canvas, new Chart(canvas, config));
}

/** Charts are drawn when they come near the screen, so that a page of many opens at once. */
const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      drawCanvas(entry.target, theme());
    }
  },
  { rootMargin: '600px' },
);

function watchCanvases() {
  dropCharts();
  for (const canvas of document.querySelectorAll('#content canvas')) watcher.observe(canvas);
}

function drawAll(colours) {
  dropCharts();
  for (const canvas of document.querySelectorAll('#content canvas')) drawCanvas(canvas, colours);
}

/** The pictures that came with the page make way for charts. */
function enliven() {
  for (const image of document.querySelectorAll('#content img.static')) image.remove();
  for (const live of document.querySelectorAll('#content .live')) live.hidden = false;
}

function update(choice, announce) {
  const started = performance.now();
  page.choice = choice;
  page.model = pageModel(page.data, choice);
  const opened = new Set(
    [...document.querySelectorAll('#content details[open]')].map((d) => d.parentElement.id),
  );
  byId('content').innerHTML = pageBody(page.data, choice, page.model, () => undefined).text;
  byId('contents').innerHTML = pageContents(page.model, page.fixed).text;
  for (const details of document.querySelectorAll('#content details')) {
    details.open = opened.has(details.parentElement.id);
  }
  watchCanvases();
  if (announce) {
    byId('status').textContent =
      `The page was updated in ${Math.round(performance.now() - started)} ms.`;
  }
}

function setTheme(name) {
  if (name === 'light' || name === 'dark') document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  drawAll(theme());
}

function follow(form) {
  form.addEventListener('change', (event) => {
    const state = readChoice(form, page.settings.choice);
    if (event.target.name === 'theme') setTheme(state.theme);
    else update(state.choice, true);
    remember(state);
  });
  form.addEventListener('reset', (event) => {
    event.preventDefault();
    fillControls(form, page.data, page.settings.choice, '');
    setTheme('');
    update(page.settings.choice, true);
    page.cell = '';
    remember({ choice: page.settings.choice, theme: '' });
  });
  form.addEventListener('submit', (event) => event.preventDefault());
}

/** Where the screen is narrow, the controls open when they are wanted, so that the verdict is seen first. */
function followWidth(choices) {
  const narrow = window.matchMedia('(max-width: 40rem)');
  const fold = () => {
    choices.open = !narrow.matches;
  };
  fold();
  narrow.addEventListener('change', fold);
  choices.hidden = false;
}

/** Links to sections keep the choice that is in the fragment. */
function followLinks() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const target = link && byId(link.getAttribute('href').slice(1));
    if (!target) return;
    event.preventDefault();
    if (link.dataset.cellId !== undefined) {
      page.cell = link.dataset.cellId;
      goToCell();
      remember(readChoice(byId('controls'), page.settings.choice));
      return;
    }
    target.scrollIntoView();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  });
}

/** Opens the row of the cell that a link names. */
function goToCell() {
  if (page.cell === '' || showCell(page.table, page.cell)) return;
  byId('status').textContent = `The cell ${page.cell} is not in this page.`;
}

function remember(state) {
  writeFragment({ ...state, cell: page.cell }, page.settings.choice);
}

async function start() {
  page.settings = JSON.parse(byId('settings').textContent);
  page.data = decodePayload(await unpack(byId('data').textContent));
  page.fixed = [...document.querySelectorAll('main > section')].map((section) => [
    section.id,
    section.querySelector('h2').textContent,
  ]);
  const initial = readFragment(location.hash, page.settings.choice);
  const form = byId('controls');
  fillControls(form, page.data, initial.choice, initial.theme);
  followWidth(byId('choices'));
  if (initial.theme !== '') document.documentElement.dataset.theme = initial.theme;
  if (initial.changed) update(initial.choice, false);
  else {
    page.choice = initial.choice;
    page.model = pageModel(page.data, initial.choice);
    enliven();
    watchCanvases();
  }
  page.table = startCells(byId('cells'), page.data, page.settings);
  page.cell = initial.cell;
  goToCell();
  follow(form);
  followLinks();
  prefersDark.addEventListener('change', () => drawAll(theme()));
  window.addEventListener('hashchange', () => {
    const state = readFragment(location.hash, page.settings.choice);
    showChoice(form, state);
    update(state.choice, true);
    page.cell = state.cell;
    goToCell();
  });
  window.addEventListener('beforeprint', () => drawAll(theme(true)));
  window.addEventListener('afterprint', () => drawAll(theme()));
  performance.mark('interdom-ready');
  document.documentElement.dataset.ready = 'true';
}

start().catch((error) => {
  byId('status').textContent = `The page stays as it was printed: ${error.message}`;
  throw error;
});
