// The controls above the page: what to show, at which size, on which scale.
import { dimensionLabel } from '../../dist/src/report/view/labels.js';
import { html } from '../../dist/src/report/view/markup.js';
import { formatParameter } from '../../dist/src/report/view/quantity.js';
import { dimensionValue, effectiveRingBytes } from '../../dist/src/report/view/report-data.js';
import { facetsOf, facetText } from '../../dist/src/report/view/selection.js';
import { isControl, transportOrder } from '../../dist/src/report/view/series-style.js';
import { sizeClasses } from '../../dist/src/report/view/size-classes.js';

const SIZES = [
  ['ringSizeBytes', 'Headline ring size'],
  ['messageSizeBytes', 'Headline message size'],
];

function selectMarkup(name, label, options, chosen) {
  return html`<label>${label}<select name="${name}">${options.map(([value, text]) =>
    String(value) === String(chosen)
      ? html`<option value="${value}" selected>${text}</option>`
      : html`<option value="${value}">${text}</option>`,
  )}</select></label>`;
}

function sizesOf(data, key) {
  if (key === 'ringSizeBytes') {
    const rings = data.cells.flatMap((cell) => {
      const size = effectiveRingBytes(cell);
      return size === undefined ? [] : [{ owner: cell.transport, size }];
    });
    return sizeClasses(rings).map(({ size }) => size);
  }
  const sizes = new Set(data.cells.map((cell) => dimensionValue(cell, key)));
  return [...sizes].filter((size) => typeof size === 'number').sort((a, b) => a - b);
}

export function fillControls(form, data, choice, theme) {
  const facets = facetsOf(data).map(({ key, values }) => {
    const options = values.map((value) => [String(value), facetText(data, key, value)]);
    return selectMarkup(key, dimensionLabel(key), options, choice.selection[key]);
  });
  const sizes = SIZES.map(([key, label]) => {
    const options = sizesOf(data, key).map((size) => [size, formatParameter(key, size)]);
    return selectMarkup(key, label, [['', 'the usual'], ...options], choice.focus[key] ?? '');
  });
  const transports = [...new Set(data.cells.map((cell) => cell.transport))]
    .filter((name) => !isControl(name))
    .sort(transportOrder);
  const relative = [['', 'absolute'], ...transports.map((name) => [name, `times ${name}`])];
  const scales = [
    ['log', 'logarithmic'],
    ['linear', 'linear'],
  ];
  const themes = [
    ['', 'as the system'],
    ['light', 'light'],
    ['dark', 'dark'],
  ];
  form.innerHTML =
    html`${facets}${sizes}${selectMarkup('scale', 'Axes', scales, choice.view.scale)}${selectMarkup('relativeTo', 'Lines', relative, choice.view.relativeTo)}${selectMarkup('theme', 'Colours', themes, theme)}<button type="reset">Reset</button>`.text;
}

/** The state of the controls as a choice. */
export function readChoice(form, defaults) {
  const value = (name) => form.elements.namedItem(name)?.value;
  const selection = {};
  for (const key of Object.keys(defaults.selection))
    selection[key] = value(key) ?? defaults.selection[key];
  const focus = {};
  for (const [key] of SIZES) if (value(key)) focus[key] = Number(value(key));
  return {
    choice: { selection, focus, view: { scale: value('scale'), relativeTo: value('relativeTo') } },
    theme: value('theme'),
  };
}

/** Puts the controls where a choice is that came from elsewhere. */
export function showChoice(form, { choice, theme }) {
  const set = (name, text) => {
    const control = form.elements.namedItem(name);
    if (control !== null) control.value = text;
  };
  for (const [key, text] of Object.entries(choice.selection)) set(key, text);
  for (const [key] of SIZES) set(key, String(choice.focus[key] ?? ''));
  set('scale', choice.view.scale);
  set('relativeTo', choice.view.relativeTo);
  set('theme', theme);
}
