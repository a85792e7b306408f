import { createRequire } from 'node:module';
import type { ChartConfig } from '../view/chart-frame.js';
import type { FigureSpec, PanelSpec } from '../view/chart-spec.js';
import { escapeText } from '../view/markup.js';
import { panelChart } from '../view/panel-chart.js';
import { canvasPackage, type PicturePen } from './canvas-package.js';
import { drawTexts, layOutPicture, PICTURE_THEME } from './picture.js';
import { SvgPen } from './svg-pen.js';

/** The font that PNGs have, one as wide, and whatever there is. */
const FONTS = 'DejaVu Sans, Verdana, sans-serif';

interface ChartPackage {
  Chart: new (pen: SvgPen, config: ChartConfig) => { destroy(): void };
}

/**
 * Draws figures as SVG: the charts of the PNGs, by the same chart.js from the same definitions, on a context that writes
 * elements. chartjs-node-canvas's own SVG mode is not used: its canvas turns dashes, circles and turned text into outlines of
 * many times the size, and names no font to fall back on.
 */
export class SvgPainter {
  private readonly charts: ChartPackage;
  private readonly scratch: PicturePen;

  constructor() {
    this.charts = createRequire(import.meta.url)('chart.js/auto') as ChartPackage;
    this.scratch = canvasPackage().createCanvas(1, 1).getContext('2d');
  }

  /** One picture with title, legend, all panels, notes and source. */
  paint(figure: FigureSpec): string {
    const layout = layOutPicture(figure, this.scratch);
    const { width, height, panelWidth, panelHeight } = layout;
    const texts = new SvgPen(this.scratch, { width, height }, 't');
    drawTexts(texts, layout);
    const panels = layout.panels.map(({ panel, x, y }, i) => {
      const content = this.panel(panel, { width: panelWidth, height: panelHeight }, `p${i}-`);
      return `<g transform="translate(${x} ${y})">\n${content}\n</g>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}" role="img" aria-labelledby="title source">
<title id="title">${escapeText(figure.title)}</title>
<desc id="source">${escapeText(figure.subtitle)} Source: ${escapeText(figure.source)}</desc>
<rect width="${width}" height="${height}" fill="${PICTURE_THEME.background}"/>
${[texts.content, ...panels].join('\n')}
</svg>
`;
  }

  private panel(panel: PanelSpec, size: { width: number; height: number }, name: string): string {
    const pen = new SvgPen(this.scratch, size, name);
    const config = panelChart(panel, PICTURE_THEME, size);
    const options = { ...config.options, responsive: false, devicePixelRatio: 1 };
    new this.charts.Chart(pen, { ...config, options }).destroy();
    return pen.content;
  }
}
