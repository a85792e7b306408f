// The table of every cell: sorts, filters, pins columns, and opens each cell's details.
import { cellColumns } from '../../dist/src/report/view/cell-columns.js';
import { cellDetail } from '../../dist/src/report/view/cell-detail.js';
import { html } from '../../dist/src/report/view/markup.js';

const ROWS = 100;

export function startCells(root, data, settings) {
  const columns = cellColumns(data);
  const state = {
    root,
    data,
    settings,
    columns,
    shown: new Set(columns.filter((column) => column.usual).map((column) => column.key)),
    pinned: new Set(columns.slice(0, 2).map((column) => column.key)),
    sort: { key: '', down: false },
    filter: '',
    page: 0,
    open: new Set(),
    /** Lower-case text of each cell for the filter, made when it is first needed. */
    texts: undefined,
    rows: data.cells.map((_, i) => i),
  };
  root.innerHTML = tools(state).text;
  root.addEventListener('input', (event) => onInput(state, event));
  root.addEventListener('change', (event) => onChange(state, event));
  root.addEventListener('click', (event) => onClick(state, event));
  show(state);
  return state;
}

/** Opens the details of a cell, whatever filter hides it. @returns {boolean} whether the page has it */
export function showCell(state, id) {
  const index = state.data.cells.findIndex((cell) => cell.id === id);
  if (index < 0) return false;
  if (!state.rows.includes(index)) {
    state.filter = '';
    state.root.querySelector('input[name=filter]').value = '';
    select(state);
  }
  state.page = Math.floor(state.rows.indexOf(index) / ROWS);
  state.open.add(index);
  show(state);
  const button = state.root.querySelector(`button[data-cell="${index}"]`);
  button.scrollIntoView({ block: 'center' });
  button.focus({ preventScroll: true });
  return true;
}

function tools({ columns, shown, settings }) {
  const less =
    settings.cells < settings.of
      ? ` Only ${settings.cells} of ${settings.of} cells are in this page; cells.csv has all.`
      : '';
  return html`<p class="muted">Words are looked for in all columns; <code>transport=v4v</code> wants an equal value.${less}</p>
<div class="cell-tools">
<label>Filter<input type="search" name="filter" autocomplete="off" spellcheck="false"></label>
<span id="cell-count" role="status"></span>
<span><button type="button" data-page="-1">Previous</button> <button type="button" data-page="1">Next</button></span>
</div>
<details><summary>Columns</summary><div class="columns">${columns.map((column) =>
    shown.has(column.key)
      ? html`<label><input type="checkbox" name="column" value="${column.key}" checked>${column.label}</label>`
      : html`<label><input type="checkbox" name="column" value="${column.key}">${column.label}</label>`,
  )}</div></details>
<div class="scroll" tabindex="0" role="region" aria-label="All cells" id="cell-scroll"></div>`;
}

function onInput(state, event) {
  if (event.target.name !== 'filter') return;
  state.filter = event.target.value;
  state.page = 0;
  select(state);
  show(state);
}

function onChange(state, event) {
  if (event.target.name !== 'column') return;
  if (event.target.checked) state.shown.add(event.target.value);
  else state.shown.delete(event.target.value);
  show(state);
}

function onClick(state, event) {
  const button = event.target.closest('button');
  if (button === null) return;
  const { page, sort, pin, cell } = button.dataset;
  if (page !== undefined) state.page += Number(page);
  else if (sort !== undefined) {
    state.sort = { key: sort, down: state.sort.key === sort && !state.sort.down };
    select(state);
  } else if (pin !== undefined) toggle(state.pinned, pin);
  else if (cell !== undefined) toggle(state.open, Number(cell));
  else return;
  show(state);
  // The table was made anew: the focus goes back to the button that was pressed.
  const { name, value } = Object.entries(button.dataset).map(([key, text]) => ({
    name: key,
    value: text,
  }))[0];
  state.root.querySelector(`button[data-${name}="${CSS.escape(value)}"]:not(:disabled)`)?.focus();
}

function toggle(set, item) {
  if (!set.delete(item)) set.add(item);
}

/** Which cells pass the filter, in the order of the sorted column. */
function select(state) {
  const tests = state.filter
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => test(state, word));
  const { cells } = state.data;
  const rows = cells.map((_, i) => i).filter((i) => tests.every((passes) => passes(i)));
  const column = state.columns.find(({ key }) => key === state.sort.key);
  if (column !== undefined) {
    const values = cells.map(column.value);
    const sign = state.sort.down ? -1 : 1;
    rows.sort((a, b) => sign * compare(values[a], values[b], sign) || a - b);
  }
  state.rows = rows;
}

/** Missing values come last whichever way the column is sorted. */
function compare(a, b, sign) {
  if (a === undefined || b === undefined)
    return sign * (Number(a === undefined) - Number(b === undefined));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function test(state, word) {
  const equals = word.indexOf('=');
  const name = word.slice(0, equals);
  const column =
    equals > 0 &&
    state.columns.find(({ key, label }) => {
      const short = key.slice(key.indexOf('.') + 1).toLowerCase();
      return short === name || short.replace(/bytes$/, '') === name || label.toLowerCase() === name;
    });
  if (column) {
    const wanted = word.slice(equals + 1);
    return (i) => {
      const cell = state.data.cells[i];
      const text = column.text(cell).toLowerCase();
      return (
        text === wanted ||
        text.replace(/\s/g, '') === wanted ||
        String(column.value(cell)).toLowerCase() === wanted
      );
    };
  }
  state.texts ??= state.data.cells.map((cell) =>
    `${cell.id} ${cell.verdict} ${cell.reason ?? ''}`.toLowerCase(),
  );
  return (i) => state.texts[i].includes(word);
}

function show(state) {
  const { rows, data, root } = state;
  const pages = Math.max(1, Math.ceil(rows.length / ROWS));
  state.page = Math.min(Math.max(state.page, 0), pages - 1);
  const from = state.page * ROWS;
  const shown = rows.slice(from, from + ROWS);
  const visible = state.columns.filter(({ key }) => state.shown.has(key));
  const columns = [
    ...visible.filter(({ key }) => state.pinned.has(key)),
    ...visible.filter(({ key }) => !state.pinned.has(key)),
  ];
  const scroll = root.querySelector('#cell-scroll');
  scroll.innerHTML =
    html`<table class="cell-table"><caption class="hidden">All cells that pass the filter</caption>
<thead><tr><th scope="col"><span class="hidden">Details</span></th>${columns.map((column) => headCell(state, column))}</tr></thead>
<tbody>${shown.map((i) => row(state, columns, i))}</tbody></table>`.text;
  root.querySelector('#cell-count').textContent =
    rows.length === 0
      ? 'No cell passes.'
      : `Cells ${from + 1} to ${from + shown.length} of ${rows.length}${rows.length < data.cells.length ? ` (${data.cells.length} in all)` : ''}`;
  root.querySelector('[data-page="-1"]').disabled = state.page === 0;
  root.querySelector('[data-page="1"]').disabled = state.page === pages - 1;
  placePinned(scroll);
}

function headCell({ sort, pinned }, column) {
  const sorted = sort.key === column.key;
  const arrow = sorted ? (sort.down ? ' ▼' : ' ▲') : '';
  const order = sorted ? (sort.down ? 'descending' : 'ascending') : 'none';
  const kind = `${column.numeric ? 'number' : 'text'}${pinned.has(column.key) ? ' pinned' : ''}`;
  const fixed = pinned.has(column.key);
  return html`<th scope="col" class="${kind}" aria-sort="${order}"><button type="button" data-sort="${column.key}">${column.label}${arrow}</button><button type="button" data-pin="${column.key}" aria-pressed="${String(fixed)}" aria-label="Pin ${column.label}" title="Pin this column">${fixed ? '◉' : '○'}</button></th>`;
}

function row(state, columns, i) {
  const cell = state.data.cells[i];
  const open = state.open.has(i);
  const detail = open
    ? html`<tr class="detail"><td colspan="${columns.length + 1}">${cellDetail(state.data, cell)}</td></tr>`
    : undefined;
  return html`<tr><td><button type="button" data-cell="${i}" aria-expanded="${String(open)}" aria-label="Details of ${cell.id}">${open ? '−' : '+'}</button></td>${columns.map(
    (column) => {
      const kind = `${column.numeric ? 'number' : 'text'}${state.pinned.has(column.key) ? ' pinned' : ''}`;
      return html`<td class="${kind}">${column.text(cell)}</td>`;
    },
  )}</tr>
${detail}`;
}

/** Pinned columns stand beside each other at the left, however wide they came out. */
function placePinned(scroll) {
  const head = [...scroll.querySelectorAll('thead th')];
  let left = 0;
  head.forEach((cell, index) => {
    if (!cell.classList.contains('pinned')) return;
    const { width } = cell.getBoundingClientRect();
    for (const line of scroll.querySelectorAll('tr:not(.detail)')) {
      const item = line.children[index];
      if (item?.classList.contains('pinned')) item.style.left = `${left}px`;
    }
    left += width;
  });
}
