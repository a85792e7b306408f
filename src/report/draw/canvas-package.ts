import { createRequire } from 'node:module';
import type { Pen } from '../view/pen.js';

/** A name that no system has, so that text comes from the font we ship and from nowhere else. */
export const FAMILY = 'Interdom Sans';

export interface PictureCanvas {
  getContext(kind: '2d'): PicturePen;
  toBuffer(mime: 'raw'): Buffer;
}

/** A pen that also moves and scales what it draws. */
export interface PicturePen extends Pen {
  translate(x: number, y: number): void;
  scale(x: number, y: number): void;
  measureText(text: string): { readonly width: number; readonly fontBoundingBoxAscent: number };
}

export interface CanvasPackage {
  createCanvas(width: number, height: number): PictureCanvas;
  registerFont(path: string, face: { family: string }): void;
}

let loaded: CanvasPackage | undefined;

/** The package that draws and measures, with our font. Loaded once and late: it takes 100 ms, and most commands draw nothing. */
export function canvasPackage(): CanvasPackage {
  if (loaded !== undefined) return loaded;
  const require = createRequire(import.meta.url);
  const canvas = require('canvas') as CanvasPackage;
  for (const face of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
    canvas.registerFont(require.resolve(`dejavu-fonts-ttf/ttf/${face}`), { family: FAMILY });
  }
  loaded = canvas;
  return canvas;
}
