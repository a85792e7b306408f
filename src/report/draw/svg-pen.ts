import { escapeText } from '../view/markup.js';
import type { Pen } from '../view/pen.js';
import type { PicturePen } from './canvas-package.js';

/** x' = a x + c y + e, y' = b x + d y + f, as in SVG. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const BASELINES = ['top', 'middle', 'bottom', 'alphabetic'] as const;
const ANCHORS: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };

/**
 * A canvas context that writes SVG: as much of one as chart.js and our own drawing use. Text stays text, so it can be searched,
 * read aloud and copied; each carries the width it has in our font, so that another font is squeezed into the same place.
 */
export class SvgPen implements Pen {
  fillStyle: unknown = '#000000';
  strokeStyle: unknown = '#000000';
  lineWidth = 1;
  font = '10px sans-serif';
  textAlign = 'left';
  textBaseline = 'alphabetic';
  lineCap = 'butt';
  lineJoin = 'miter';
  private matrix: Matrix = [1, 0, 0, 1, 0, 0];
  private dash: readonly number[] = [];
  private clipId = '';
  private path = '';
  private readonly kept: Partial<SvgPen>[] = [];
  private readonly elements: string[] = [];
  private readonly definitions: string[] = [];
  private readonly clips = new Map<string, string>();
  private readonly shifts = new Map<string, number>();

  /** What chart.js asks of a canvas where there is no document. */
  readonly canvas: { width: number; height: number; style: object; getContext: () => SvgPen };

  /**
   * @param scratch measures text in the font of pictures
   * @param name begins the names of its clip paths, which must differ from those of others in the same picture
   */
  constructor(
    private readonly scratch: PicturePen,
    size: { width: number; height: number },
    private readonly name: string,
  ) {
    this.canvas = { ...size, style: {}, getContext: () => this };
  }

  /** All that was drawn. */
  get content(): string {
    const { definitions } = this;
    const defs = definitions.length === 0 ? '' : `<defs>\n${definitions.join('\n')}\n</defs>\n`;
    return defs + this.elements.join('\n');
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, font, textAlign, textBaseline } = this;
    const { lineCap, lineJoin, matrix, dash, clipId } = this;
    const style = { fillStyle, strokeStyle, lineWidth, font, textAlign, textBaseline };
    this.kept.push({ ...style, lineCap, lineJoin, matrix, dash, clipId } as Partial<SvgPen>);
  }

  restore(): void {
    Object.assign(this, this.kept.pop());
  }

  translate(x: number, y: number): void {
    this.multiply([1, 0, 0, 1, x, y]);
  }

  rotate(angle: number): void {
    const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
    this.multiply([cosine, sine, -sine, cosine, 0, 0]);
  }

  setTransform(...matrix: Matrix): void {
    this.matrix = matrix;
  }

  resetTransform(): void {
    this.matrix = [1, 0, 0, 1, 0, 0];
  }

  beginPath(): void {
    this.path = '';
  }

  closePath(): void {
    this.path += 'Z';
  }

  moveTo(x: number, y: number): void {
    this.path += `M${this.at(x, y)}`;
  }

  lineTo(x: number, y: number): void {
    this.path += `${this.path === '' ? 'M' : 'L'}${this.at(x, y)}`;
  }

  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.path += `C${this.at(ax, ay)} ${this.at(bx, by)} ${this.at(x, y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    const [right, bottom] = [x + width, y + height];
    this.path += `M${this.at(x, y)}L${this.at(right, y)}L${this.at(right, bottom)}L${this.at(x, bottom)}Z`;
  }

  /** Clockwise, and with two halves where it is a whole circle, which SVG's arcs cannot be. */
  arc(x: number, y: number, radius: number, from: number, to: number): void {
    const on = (angle: number): string =>
      this.at(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    const middle = (from + to) / 2;
    const r = figure(radius);
    this.path += `${this.path === '' ? 'M' : 'L'}${on(from)}A${r} ${r} 0 0 1 ${on(middle)}A${r} ${r} 0 0 1 ${on(to)}`;
  }

  /** What is drawn from here on shows inside the path only; clips inside clips are told by the inner one. */
  clip(): void {
    const known = this.clips.get(this.path);
    const id = known ?? `${this.name}${this.clips.size}`;
    if (known === undefined) {
      this.clips.set(this.path, id);
      this.definitions.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath>`);
    }
    this.clipId = id;
  }

  fill(): void {
    this.draw('path', `d="${this.path}" fill="${paint(this.fillStyle)}"`);
  }

  stroke(): void {
    this.draw('path', `d="${this.path}" fill="none" ${this.line()}`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const place = `x="${figure(x + this.matrix[4])}" y="${figure(y + this.matrix[5])}"`;
    const size = `width="${figure(width)}" height="${figure(height)}"`;
    this.draw('rect', `${place} ${size} fill="${paint(this.fillStyle)}"`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.beginPath();
    this.rect(x, y, width, height);
    this.stroke();
  }

  /** The paper is white already. */
  clearRect(): void {}

  setLineDash(lengths: readonly number[]): void {
    this.dash = lengths;
  }

  getLineDash(): readonly number[] {
    return this.dash;
  }

  fillText(text: string, x: number, y: number): void {
    this.text(text, x, y, `fill="${paint(this.fillStyle)}"`);
  }

  strokeText(text: string, x: number, y: number): void {
    this.text(text, x, y, `fill="none" stroke-linejoin="round" ${this.line()}`);
  }

  measureText(text: string): { readonly width: number } {
    this.scratch.font = this.font;
    return this.scratch.measureText(text);
  }

  private text(text: string, x: number, y: number, look: string): void {
    if (text === '') return;
    const { size, weight } = fontOf(this.font);
    const anchor = ANCHORS[this.textAlign];
    const [a, b, c, d, e, f] = this.matrix;
    const level = y + this.shift() * size;
    const isUpright = a === 1 && b === 0;
    const place = isUpright
      ? `x="${figure(x + e)}" y="${figure(level + f)}"`
      : `x="${figure(x)}" y="${figure(level)}" transform="matrix(${[a, b, c, d, e, f].map(figure).join(' ')})"`;
    const words = [
      place,
      `font-size="${size}"`,
      weight === '' ? '' : `font-weight="${weight}"`,
      anchor === undefined ? '' : `text-anchor="${anchor}"`,
      text.length > 1 ? `textLength="${figure(this.measureText(text).width)}"` : '',
      'lengthAdjust="spacingAndGlyphs"',
      look,
    ];
    this.draw('text', words.filter((word) => word !== '').join(' '), escapeText(text));
  }

  /** From the line that text stands on to where y was meant, a part of its size: not all viewers know `dominant-baseline`. */
  private shift(): number {
    const known = this.shifts.get(this.textBaseline);
    if (known !== undefined) return known;
    const ascent = (baseline: string): number => {
      this.scratch.textBaseline = baseline;
      return this.scratch.measureText('H').fontBoundingBoxAscent;
    };
    this.scratch.font = `100px ${this.font.replace(/^.*px /, '')}`;
    const wanted = BASELINES.find((name) => name === this.textBaseline) ?? 'alphabetic';
    const shift = (ascent('alphabetic') - ascent(wanted)) / 100;
    this.shifts.set(this.textBaseline, shift);
    return shift;
  }

  private line(): string {
    const dash = this.dash.length === 0 ? '' : ` stroke-dasharray="${this.dash.join(' ')}"`;
    return `stroke="${paint(this.strokeStyle)}" stroke-width="${figure(this.lineWidth)}"${dash}`;
  }

  private draw(element: string, attributes: string, text?: string): void {
    const clip = this.clipId === '' ? '' : ` clip-path="url(#${this.clipId})"`;
    const end = text === undefined ? '/>' : `>${text}</${element}>`;
    this.elements.push(`<${element} ${attributes}${clip}${end}`);
  }

  private at(x: number, y: number): string {
    const [a, b, c, d, e, f] = this.matrix;
    return `${figure(a * x + c * y + e)} ${figure(b * x + d * y + f)}`;
  }

  private multiply([a, b, c, d, e, f]: Matrix): void {
    const m = this.matrix;
    this.matrix = [
      m[0] * a + m[2] * b,
      m[1] * a + m[3] * b,
      m[0] * c + m[2] * d,
      m[1] * c + m[3] * d,
      m[0] * e + m[2] * f + m[4],
      m[1] * e + m[3] * f + m[5],
    ];
  }
}

/** A hundredth of a pixel is nothing to see, and cosines may differ by less between machines. */
function figure(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}

/** Colours are ours, never a results file's. */
function paint(style: unknown): string {
  return escapeText(String(style));
}

/** "bold 13px Interdom Sans". */
function fontOf(font: string): { size: number; weight: string } {
  const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 10);
  return { size, weight: /\bbold\b/.test(font) ? 'bold' : '' };
}
