import { createRequire } from 'node:module';
import type { Finding } from './checks.js';

interface Canvas {
  getContext(kind: '2d'): {
    font: string;
    fillText(text: string, x: number, y: number): void;
    getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
  };
  toBuffer(mime: 'image/png'): Buffer;
}

interface CanvasPackage {
  createCanvas(width: number, height: number): Canvas;
  registerFont(path: string, face: { family: string }): void;
}

const FAMILY = 'Interdom Doctor';
const [WIDTH, HEIGHT] = [120, 30];

/** Whether PNG charts can be drawn, and with text: without a font, canvas draws none and says nothing. */
export async function checkDrawing(): Promise<Finding> {
  const what = 'PNG charts';
  try {
    const require = createRequire(import.meta.url);
    const { createCanvas, registerFont } = require('canvas') as CanvasPackage;
    registerFont(require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), { family: FAMILY });
    require.resolve('chartjs-node-canvas');
    const canvas = createCanvas(WIDTH, HEIGHT);
    const context = canvas.getContext('2d');
    context.font = `20px "${FAMILY}"`;
    context.fillText('interdom', 4, 22);
    const inked = context.getImageData(0, 0, WIDTH, HEIGHT).data.some((value) => value !== 0);
    const isPng = canvas.toBuffer('image/png').subarray(1, 4).toString('latin1') === 'PNG';
    if (inked && isPng)
      return { what, state: 'ok', detail: 'drawn, with text from the bundled font' };
    return { what, state: 'broken', detail: inked ? 'no PNG comes out' : 'text leaves no ink' };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { what, state: 'broken', detail: `${why}; run npm ci` };
  }
}
