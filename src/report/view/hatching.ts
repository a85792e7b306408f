import type { Hatch } from './chart-spec.js';
import type { Pen } from './pen.js';

const SPACING: Readonly<Record<Exclude<Hatch, 'none'>, number>> = { light: 10, dense: 5 };

/** Diagonal lines over a rectangle: what is priced by estimates. Drawn by hand, so that PNG and page agree. */
export function hatchRectangle(
  pen: Pen,
  hatch: Hatch,
  box: { x: number; y: number; width: number; height: number },
): void {
  if (hatch === 'none' || box.width < 1) return;
  const spacing = SPACING[hatch];
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.width, box.height);
  pen.clip();
  pen.strokeStyle = 'rgba(255, 255, 255, 0.85)';
  pen.lineWidth = 1.2;
  pen.setLineDash([]);
  pen.beginPath();
  // Lines start at multiples of the spacing, so that the pattern runs on from one bar to the next.
  const start = Math.floor((box.x - box.height) / spacing) * spacing;
  for (let x = start; x < box.x + box.width; x += spacing) {
    pen.moveTo(x, box.y + box.height);
    pen.lineTo(x + box.height, box.y);
  }
  pen.stroke();
  pen.restore();
}
