import { createRequire } from 'node:module';
import { encodeIndexedPng } from './indexed-png.js';
import type { ChartConfig } from './view/chart-frame.js';
import type { FigureSpec, LegendItem, PanelSpec } from './view/chart-spec.js';
import { hatchRectangle } from './view/hatching.js';
import { drawMarker } from './view/marker.js';
import { panelChart } from './view/panel-chart.js';
import type { DrawingPlugin, Pen } from './view/pen.js';
import { transportStyle } from './view/series-style.js';
import { LIGHT, type Theme } from './view/theme.js';

/** Pixels of the file for one pixel of the layout: sharp on dense screens, small enough to mail. */
const PIXEL_RATIO = 1.5;
/** A name that no system has, so that text comes from the font we ship and from nowhere else. */
const FAMILY = 'Interdom Sans';
const MARGIN = 18;
const PANEL_WIDTH: Readonly<Record<FigureSpec['columns'], number>> = { 1: 900, 2: 560, 3: 430 };

const THEME: Theme = { ...LIGHT, fontFamily: FAMILY, fontSize: 13 };

interface PngCanvas {
  getContext(kind: '2d'): Pen & {
    drawImage(image: unknown, x: number, y: number): void;
    putImageData(data: unknown, x: number, y: number): void;
    scale(x: number, y: number): void;
  };
  toBuffer(mime: 'raw'): Buffer;
}

interface CanvasPackage {
  createCanvas(width: number, height: number): PngCanvas;
  createImageData(data: Uint8ClampedArray, width: number, height: number): unknown;
  registerFont(path: string, face: { family: string }): void;
}

interface Renderer {
  renderToBufferSync(config: ChartConfig, mime: 'raw'): Buffer;
}

type RendererPackage = {
  ChartJSNodeCanvas: new (options: { width: number; height: number }) => Renderer;
};

/**
 * Draws figures as PNG through chart.js and chartjs-node-canvas. Both are loaded with the first picture: they take 150 ms,
 * and most commands draw nothing. The same figure gives the same bytes on one platform.
 */
export class PngPainter {
  private readonly canvas: CanvasPackage;
  private readonly charts: RendererPackage;
  /** chartjs-node-canvas loads chart.js anew for each instance, so one is kept for each size. */
  private readonly renderers = new Map<string, Renderer>();

  constructor() {
    const require = createRequire(import.meta.url);
    this.canvas = require('canvas') as CanvasPackage;
    this.charts = require('chartjs-node-canvas') as RendererPackage;
    for (const face of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
      this.canvas.registerFont(require.resolve(`dejavu-fonts-ttf/ttf/${face}`), { family: FAMILY });
    }
  }

  /** One picture with title, legend, all panels, notes and source. */
  paint(figure: FigureSpec): Buffer {
    const width = PANEL_WIDTH[figure.columns];
    const height = panelHeight(figure.panels);
    const rows = Math.ceil(figure.panels.length / figure.columns);
    const full = figure.columns * width + 2 * MARGIN;
    const scratch = this.canvas.createCanvas(1, 1).getContext('2d');
    const head = headLines(scratch, figure, full - 2 * MARGIN);
    const foot = footLines(scratch, figure, full - 2 * MARGIN);
    const legend = legendRows(scratch, figure.legend, full - 2 * MARGIN);
    const headHeight =
      MARGIN + head.reduce((sum, line) => sum + line.height, 0) + legend.length * 22 + 8;
    const footHeight = foot.length * 17 + MARGIN + 4;
    const total = headHeight + rows * height + footHeight;
    const page = this.canvas.createCanvas(px(full), px(total));
    const pen = page.getContext('2d');
    pen.fillStyle = THEME.background;
    pen.fillRect(0, 0, px(full), px(total));
    figure.panels.forEach((panel, i) => {
      const image = this.panelImage(panel, width, height);
      const column = i % figure.columns;
      const row = Math.floor(i / figure.columns);
      pen.putImageData(image, px(MARGIN + column * width), px(headHeight + row * height));
    });
    pen.scale(PIXEL_RATIO, PIXEL_RATIO);
    let y = MARGIN;
    for (const line of head) y = drawLine(pen, line, y);
    for (const row of legend) y = drawLegendRow(pen, row, y);
    y = headHeight + rows * height + 4;
    for (const line of foot) y = drawLine(pen, line, y);
    return encodeIndexedPng(page.toBuffer('raw'), px(full), px(total));
  }

  private panelImage(panel: PanelSpec, width: number, height: number): unknown {
    const config = panelChart(panel, THEME, { width, height });
    const renderer = this.rendererFor(width, height);
    const pixels = renderer.renderToBufferSync(
      {
        ...config,
        options: { ...config.options, devicePixelRatio: PIXEL_RATIO },
        plugins: [background, ...config.plugins],
      },
      'raw',
    );
    const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    return this.canvas.createImageData(bytes, px(width), px(height));
  }

  private rendererFor(width: number, height: number): Renderer {
    const key = `${width}x${height}`;
    const known = this.renderers.get(key);
    if (known !== undefined) return known;
    const made = new this.charts.ChartJSNodeCanvas({ width, height });
    this.renderers.set(key, made);
    return made;
  }
}

const px = (layout: number): number => Math.floor(layout * PIXEL_RATIO);

/** Opaque, so that the pixels of a panel can be laid into the picture as they are. */
const background: DrawingPlugin & {
  beforeDraw(chart: { ctx: Pen; width: number; height: number }): void;
} = {
  id: 'interdomBackground',
  beforeDraw({ ctx, width, height }) {
    ctx.save();
    ctx.fillStyle = THEME.background;
    ctx.fillRect(0, 0, width + 1, height + 1);
    ctx.restore();
  },
};

/** All panels of a picture are as tall as the tallest needs; in steps, so that few renderers are made. */
function panelHeight(panels: readonly PanelSpec[]): number {
  let most = 0;
  for (const panel of panels) {
    if (panel.kind === 'lines') most = Math.max(most, panels.length === 1 ? 440 : 320);
    else {
      const bars = panel.categories.length * (panel.stacked ? 1 : panel.bars.length);
      most = Math.max(most, 100 + bars * (panel.stacked ? 52 : 24));
    }
  }
  return Math.min(Math.ceil(most / 40) * 40, 1200);
}

interface TextLine {
  readonly text: string;
  readonly font: string;
  readonly colour: string;
  readonly height: number;
}

function headLines(pen: Pen, figure: FigureSpec, width: number): readonly TextLine[] {
  const title = { font: `bold 19px ${FAMILY}`, colour: THEME.text, height: 26 };
  const subtitle = { font: `13px ${FAMILY}`, colour: THEME.muted, height: 19 };
  return [
    ...wrap(pen, figure.title, width, title.font).map((text) => ({ text, ...title })),
    ...wrap(pen, figure.subtitle, width, subtitle.font).map((text) => ({ text, ...subtitle })),
  ];
}

function footLines(pen: Pen, figure: FigureSpec, width: number): readonly TextLine[] {
  const look = { font: `12px ${FAMILY}`, colour: THEME.muted, height: 17 };
  const notes = figure.notes.flatMap((note) =>
    wrap(pen, `Note: ${note}.`, width, look.font).slice(0, 4),
  );
  return [...notes, ...wrap(pen, `Source: ${figure.source}`, width, look.font).slice(0, 2)].map(
    (text) => ({ text, ...look }),
  );
}

/** Breaks at spaces; a word that is longer than the line is cut, so that no text leaves the picture. */
function wrap(pen: Pen, text: string, width: number, font: string): readonly string[] {
  pen.font = font;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (pen.measureText(longer).width <= width) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = word;
      while (line.length > 1 && pen.measureText(line).width > width) line = line.slice(0, -1);
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

function drawLine(pen: Pen, line: TextLine, y: number): number {
  pen.font = line.font;
  pen.fillStyle = line.colour;
  pen.textAlign = 'left';
  pen.textBaseline = 'top';
  pen.fillText(line.text, MARGIN, y);
  return y + line.height;
}

const SIGN_WIDTH: Readonly<Record<LegendItem['kind'], number>> = { line: 44, patch: 24 };

/** Legend items in rows that fit. */
function legendRows(
  pen: Pen,
  legend: readonly LegendItem[],
  width: number,
): readonly LegendItem[][] {
  const rows: LegendItem[][] = [];
  let used = Number.POSITIVE_INFINITY;
  pen.font = `13px ${FAMILY}`;
  for (const item of legend) {
    const needs = SIGN_WIDTH[item.kind] + pen.measureText(item.label).width + 22;
    if (used + needs > width) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(item);
    used += needs;
  }
  return rows;
}

function drawLegendRow(pen: Pen, row: readonly LegendItem[], y: number): number {
  let x = MARGIN;
  for (const item of row) {
    drawSign(pen, item, x, y + 11);
    pen.font = `13px ${FAMILY}`;
    pen.fillStyle = THEME.text;
    pen.textAlign = 'left';
    pen.textBaseline = 'middle';
    const at = x + SIGN_WIDTH[item.kind];
    pen.fillText(item.label, at, y + 11);
    x = at + pen.measureText(item.label).width + 22;
  }
  return y + 22;
}

function drawSign(pen: Pen, item: LegendItem, x: number, y: number): void {
  if (item.kind === 'patch') {
    pen.fillStyle = item.light;
    pen.fillRect(x, y - 7, 18, 14);
    hatchRectangle(pen, item.hatch, { x, y: y - 7, width: 18, height: 14 });
    return;
  }
  const style = transportStyle(item.transport);
  pen.save();
  pen.strokeStyle = style.light;
  pen.lineWidth = 2;
  pen.setLineDash(style.dash);
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + 36, y);
  pen.stroke();
  pen.restore();
  drawMarker(pen, style, item.hollow, THEME, x + 18, y);
}
