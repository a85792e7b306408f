/** The parts of a 2D canvas and of a drawn chart that our plugins use: the same in Node and in a browser. */
export interface Pen {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: string;
  textBaseline: string;
  save(): void;
  restore(): void;
  beginPath(): void;
  closePath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  clip(): void;
  fill(): void;
  stroke(): void;
  setLineDash(lengths: readonly number[]): void;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
}

export interface DrawnScale {
  getPixelForValue(value: number): number;
}

export interface DrawnElement {
  readonly x: number;
  readonly y: number;
  readonly base?: number;
  readonly width?: number;
  readonly height?: number;
}

export interface DrawnChart {
  readonly ctx: Pen;
  readonly width: number;
  readonly height: number;
  readonly chartArea: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly scales: Readonly<Record<string, DrawnScale>>;
  getDatasetMeta(index: number): { readonly data: readonly DrawnElement[] };
}

export interface DrawingPlugin {
  readonly id: string;
  beforeDatasetsDraw?(chart: DrawnChart): void;
  afterDatasetsDraw?(chart: DrawnChart): void;
}
