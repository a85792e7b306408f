import { createRequire } from 'node:module';
import type { ChartConfig } from '../view/chart-frame.js';
import type { FigureSpec, PanelSpec } from '../view/chart-spec.js';
import { panelChart } from '../view/panel-chart.js';
import type { DrawingPlugin, Pen } from '../view/pen.js';
import { type CanvasPackage, canvasPackage, type PicturePen } from './canvas-package.js';
import { encodeIndexedPng } from './indexed-png.js';
import { drawTexts, layOutPicture, PICTURE_THEME, type PictureLayout } from './picture.js';

/** Pixels of the file for one pixel of the layout: sharp on dense screens, small enough to mail. */
const PIXEL_RATIO = 1.5;

interface Renderer {
  renderToBufferSync(config: ChartConfig, mime: 'raw'): Buffer;
}

type RendererPackage = {
  ChartJSNodeCanvas: new (options: { width: number; height: number }) => Renderer;
};

/**
 * Draws figures as PNG through chart.js and chartjs-node-canvas. The same figure gives the same bytes on one platform.
 */
export class PngPainter {
  private readonly canvas: CanvasPackage = canvasPackage();
  private readonly charts: RendererPackage;
  private readonly scratch: PicturePen;
  /** chartjs-node-canvas loads chart.js anew for each instance, so one is kept for each size. */
  private readonly renderers = new Map<string, Renderer>();

  constructor() {
    this.charts = createRequire(import.meta.url)('chartjs-node-canvas') as RendererPackage;
    this.scratch = this.canvas.createCanvas(1, 1).getContext('2d');
  }

  /** One picture with title, legend, all panels, notes and source. */
  paint(figure: FigureSpec): Buffer {
    const layout = layOutPicture(figure, this.scratch);
    const { panelWidth, panelHeight } = layout;
    const picture = new Pixels(px(layout.width), px(layout.height));
    // Texts stand above and below the panels, and are drawn once for each place: no canvas is as large as the picture.
    const top = px(layout.panels[0]?.y ?? layout.footTop);
    picture.lay(this.texts(layout, 0, top), 0, 0);
    picture.lay(this.texts(layout, px(layout.footTop), picture.height), 0, px(layout.footTop));
    for (const { panel, x, y } of layout.panels) {
      picture.lay(this.panelPixels(panel, panelWidth, panelHeight), px(x), px(y));
    }
    return encodeIndexedPng(picture.bytes, picture.width, picture.height);
  }

  /** The rows of the picture from `top` to `bottom`, without panels. */
  private texts(layout: PictureLayout, top: number, bottom: number): Pixels {
    const width = px(layout.width);
    const canvas = this.canvas.createCanvas(width, bottom - top);
    const pen = canvas.getContext('2d');
    pen.fillStyle = PICTURE_THEME.background;
    pen.fillRect(0, 0, width, bottom - top);
    pen.translate(0, -top);
    pen.scale(PIXEL_RATIO, PIXEL_RATIO);
    drawTexts(pen, layout);
    return new Pixels(width, bottom - top, canvas.toBuffer('raw'));
  }

  private panelPixels(panel: PanelSpec, width: number, height: number): Pixels {
    const config = panelChart(panel, PICTURE_THEME, { width, height });
    const bytes = this.rendererFor(width, height).renderToBufferSync(
      {
        ...config,
        options: { ...config.options, devicePixelRatio: PIXEL_RATIO },
        plugins: [background, ...config.plugins],
      },
      'raw',
    );
    return new Pixels(px(width), px(height), bytes);
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

/** Opaque pixels, four bytes each, rows from the top. */
class Pixels {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly bytes: Uint8Array = new Uint8Array(width * height * 4).fill(255),
  ) {}

  /** Copies others over these, as far as they reach. */
  lay(others: Pixels, left: number, top: number): void {
    const length = Math.min(others.width, this.width - left) * 4;
    const rows = Math.min(others.height, this.height - top);
    for (let row = 0; row < rows; row++) {
      const from = row * others.width * 4;
      const to = ((top + row) * this.width + left) * 4;
      this.bytes.set(others.bytes.subarray(from, from + length), to);
    }
  }
}

const px = (layout: number): number => Math.floor(layout * PIXEL_RATIO);

/** Opaque, so that the pixels of a panel can stand in the picture as they are. */
const background: DrawingPlugin & {
  beforeDraw(chart: { ctx: Pen; width: number; height: number }): void;
} = {
  id: 'interdomBackground',
  beforeDraw({ ctx, width, height }) {
    ctx.save();
    ctx.fillStyle = PICTURE_THEME.background;
    ctx.fillRect(0, 0, width + 1, height + 1);
    ctx.restore();
  },
};
