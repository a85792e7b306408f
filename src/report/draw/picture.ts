import type { FigureSpec, LegendItem, PanelSpec } from '../view/chart-spec.js';
import { hatchRectangle } from '../view/hatching.js';
import { drawMarker } from '../view/marker.js';
import type { Pen } from '../view/pen.js';
import { transportStyle } from '../view/series-style.js';
import { LIGHT, type Theme } from '../view/theme.js';
import { FAMILY } from './canvas-package.js';

const MARGIN = 18;
const PANEL_WIDTH: Readonly<Record<FigureSpec['columns'], number>> = { 1: 900, 2: 560, 3: 430 };
const LEGEND_ROW = 22;

/** Pictures in files are always light. */
export const PICTURE_THEME: Theme = { ...LIGHT, fontFamily: FAMILY, fontSize: 13 };

/** Where everything stands in a picture, in CSS pixels: the same for every kind of file. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  /** Of each panel. */
  readonly panelWidth: number;
  readonly panelHeight: number;
  readonly panels: readonly { readonly panel: PanelSpec; readonly x: number; readonly y: number }[];
  readonly head: readonly TextLine[];
  readonly legend: readonly (readonly LegendItem[])[];
  readonly foot: readonly TextLine[];
  readonly footTop: number;
}

/** @param pen measures the texts */
export function layOutPicture(figure: FigureSpec, pen: Pen): PictureLayout {
  const panelWidth = PANEL_WIDTH[figure.columns];
  const height = panelHeight(figure.panels);
  const width = figure.columns * panelWidth + 2 * MARGIN;
  const head = headLines(pen, figure, width - 2 * MARGIN);
  const foot = footLines(pen, figure, width - 2 * MARGIN);
  const legend = legendRows(pen, figure.legend, width - 2 * MARGIN);
  const top =
    MARGIN + head.reduce((sum, line) => sum + line.height, 0) + legend.length * LEGEND_ROW + 8;
  const footTop = top + Math.ceil(figure.panels.length / figure.columns) * height + 4;
  return {
    width,
    height: footTop + foot.reduce((sum, line) => sum + line.height, 0) + MARGIN,
    panelWidth,
    panelHeight: height,
    panels: figure.panels.map((panel, i) => ({
      panel,
      x: MARGIN + (i % figure.columns) * panelWidth,
      y: top + Math.floor(i / figure.columns) * height,
    })),
    head,
    legend,
    foot,
    footTop,
  };
}

/** Title, legend, notes and source: all but the panels. */
export function drawTexts(pen: Pen, { head, legend, foot, footTop }: PictureLayout): void {
  let y = MARGIN;
  for (const line of head) y = drawLine(pen, line, y);
  for (const row of legend) y = drawLegendRow(pen, row, y);
  y = footTop;
  for (const line of foot) y = drawLine(pen, line, y);
}

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
  const title = { font: `bold 19px ${FAMILY}`, colour: PICTURE_THEME.text, height: 26 };
  const subtitle = { font: `13px ${FAMILY}`, colour: PICTURE_THEME.muted, height: 19 };
  return [
    ...wrap(pen, figure.title, width, title.font).map((text) => ({ text, ...title })),
    ...wrap(pen, figure.subtitle, width, subtitle.font).map((text) => ({ text, ...subtitle })),
  ];
}

function footLines(pen: Pen, figure: FigureSpec, width: number): readonly TextLine[] {
  const look = { font: `12px ${FAMILY}`, colour: PICTURE_THEME.muted, height: 17 };
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
    pen.fillStyle = PICTURE_THEME.text;
    pen.textAlign = 'left';
    pen.textBaseline = 'middle';
    const at = x + SIGN_WIDTH[item.kind];
    pen.fillText(item.label, at, y + 11);
    x = at + pen.measureText(item.label).width + 22;
  }
  return y + LEGEND_ROW;
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
  drawMarker(pen, style, item.hollow, PICTURE_THEME, x + 18, y);
}
