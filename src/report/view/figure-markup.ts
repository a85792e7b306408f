import type { FigureSpec, LegendItem, PanelSpec } from './chart-spec.js';
import { html, Markup } from './markup.js';
import { transportStyle } from './series-style.js';
import { tableMarkup } from './table-markup.js';

/**
 * A figure of the page: title, legend, one canvas a panel, notes, source, and the table that says the same. Where `image`
 * is given it is shown until a script draws the canvases, and for good where scripts are off.
 *
 * @param image a data: URL of the PNG
 */
export function figureMarkup(figure: FigureSpec, image?: { url: string; width: number }): Markup {
  const picture =
    image === undefined
      ? undefined
      : html`<img class="static" src="${image.url}" width="${image.width}" alt="${figure.title}. The table below has its figures.">`;
  return html`<figure id="figure-${figure.id}" data-figure="${figure.id}">
<figcaption><h3>${figure.title}</h3><p class="muted">${figure.subtitle}</p></figcaption>
${picture}
<div class="live"${new Markup(image === undefined ? '' : ' hidden')}>
${legendMarkup(figure.legend)}
<div class="panels columns-${figure.columns}">${figure.panels.map((panel, i) => panelMarkup(figure, panel, i))}</div>
</div>
<div class="notes muted">${figure.notes.map((note) => html`<p>Note: ${note}.</p>`)}<p>Source: ${figure.source}</p></div>
<details><summary>Figures as a table</summary>${tableMarkup(figure.table)}</details>
</figure>
`;
}

function panelMarkup(figure: FigureSpec, panel: PanelSpec, index: number): Markup {
  const name = panel.title === '' ? figure.title : `${figure.title}, ${panel.title}`;
  const rows =
    panel.kind === 'lines' ? 0 : panel.categories.length * (panel.stacked ? 1 : panel.bars.length);
  const size =
    panel.kind === 'lines'
      ? 'lines'
      : rows > 8
        ? 'bars-tall'
        : rows > 4
          ? 'bars-middle'
          : 'bars-short';
  return html`<div class="panel ${size}"><canvas role="img" data-panel="${index}" aria-label="${name}. The table below has its figures."></canvas></div>`;
}

function legendMarkup(legend: readonly LegendItem[]): Markup {
  return html`<ul class="legend" aria-label="Legend">${legend.map(
    (item) =>
      html`<li>${item.kind === 'line' ? lineSign(item) : patchSign(item)}${item.label}</li>`,
  )}</ul>`;
}

/** Light and dark variants are both there; the style sheet shows one. */
function lineSign(item: Extract<LegendItem, { kind: 'line' }>): Markup {
  const style = transportStyle(item.transport);
  return both(style, (colour) => {
    const fill = item.hollow ? 'none' : colour;
    return html`<line x1="0" y1="7" x2="36" y2="7" stroke="${colour}" stroke-width="2" stroke-dasharray="${style.dash.join(' ')}"/>${markerSign(style.marker, colour, fill)}`;
  });
}

function markerSign(marker: string, colour: string, fill: string): Markup {
  switch (marker) {
    case 'circle':
      return html`<circle cx="18" cy="7" r="4" stroke="${colour}" fill="${fill}"/>`;
    case 'rect':
      return html`<rect x="14.5" y="3.5" width="7" height="7" stroke="${colour}" fill="${fill}"/>`;
    case 'rectRot':
      return html`<path d="M18 2l5 5-5 5-5-5z" stroke="${colour}" fill="${fill}"/>`;
    case 'triangle':
      return html`<path d="M18 2.5l4.5 8h-9z" stroke="${colour}" fill="${fill}"/>`;
    default:
      return html`<path d="M15 4l6 6M21 4l-6 6" stroke="${colour}" fill="none"/>`;
  }
}

function patchSign(item: Extract<LegendItem, { kind: 'patch' }>): Markup {
  const lines =
    item.hatch === 'none'
      ? ''
      : item.hatch === 'light'
        ? 'M2 14L16 0M12 14L26 0'
        : 'M-3 14L11 0M2 14L16 0M7 14L21 0M12 14L26 0';
  return both(
    item,
    (colour) =>
      html`<rect x="0" y="0" width="18" height="14" fill="${colour}"/><path d="${lines}" stroke="#fff" stroke-width="1.2" fill="none"/>`,
    18,
  );
}

function both(
  item: { readonly light: string; readonly dark: string },
  draw: (colour: string) => Markup,
  width = 36,
): Markup {
  const sign = (colour: string, name: string): Markup =>
    html`<svg class="sign ${name}" width="${width}" height="14" viewBox="0 0 ${width} 14" aria-hidden="true">${draw(colour)}</svg>`;
  return html`${sign(item.light, 'for-light')}${sign(item.dark, 'for-dark')}`;
}
