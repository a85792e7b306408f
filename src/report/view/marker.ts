import type { Pen } from './pen.js';
import type { SeriesStyle } from './series-style.js';
import { shade, type Theme } from './theme.js';

/** The marker of a transport as chart.js draws it on lines, for legends. */
export function drawMarker(
  pen: Pen,
  style: SeriesStyle,
  hollow: boolean,
  theme: Theme,
  x: number,
  y: number,
): void {
  pen.save();
  pen.setLineDash([]);
  pen.lineWidth = 1.5;
  pen.strokeStyle = shade(theme, style);
  pen.fillStyle = hollow ? theme.background : shade(theme, style);
  pen.beginPath();
  switch (style.marker) {
    case 'circle':
      pen.arc(x, y, 4, 0, 2 * Math.PI);
      break;
    case 'rect':
      pen.rect(x - 3.5, y - 3.5, 7, 7);
      break;
    case 'rectRot':
      polygon(pen, [x, y - 5, x + 5, y, x, y + 5, x - 5, y]);
      break;
    case 'triangle':
      polygon(pen, [x, y - 4.5, x + 4.5, y + 3.5, x - 4.5, y + 3.5]);
      break;
    case 'star':
    case 'crossRot':
      for (const [dx, dy] of style.marker === 'star' ? STAR : CROSS) {
        pen.moveTo(x - dx, y - dy);
        pen.lineTo(x + dx, y + dy);
      }
      break;
  }
  pen.fill();
  pen.stroke();
  pen.restore();
}

const CROSS: readonly (readonly [number, number])[] = [
  [3, 3],
  [3, -3],
];
const STAR: readonly (readonly [number, number])[] = [...CROSS, [4, 0], [0, 4]];

function polygon(pen: Pen, points: readonly number[]): void {
  pen.moveTo(points[0] as number, points[1] as number);
  for (let i = 2; i < points.length; i += 2)
    pen.lineTo(points[i] as number, points[i + 1] as number);
  pen.closePath();
}
