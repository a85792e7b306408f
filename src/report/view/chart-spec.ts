/**
 * What a picture says, as plain data: made once from the results, drawn as a PNG and in the page by the same code.
 * Nothing here knows a canvas.
 */

export interface AxisSpec {
  readonly title: string;
  readonly scale: 'log' | 'linear';
  /** Base unit of the values, see quantity.ts; "B" gets ticks at powers of two; "percentile" counts nines. */
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
}

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  /** Range over repetitions, or an interval; drawn as a bar where it has a length. */
  readonly low: number;
  readonly high: number;
}

export interface LineSpec {
  readonly label: string;
  readonly transport: string;
  /** A further series of the same transport: drawn with hollow markers. */
  readonly hollow: boolean;
  /** Points of their own, which no line joins. */
  readonly scattered?: boolean;
  readonly points: readonly LinePoint[];
}

/** A stretch of the x axis in which one transport overtakes another. */
export interface BandSpec {
  readonly from: number;
  readonly to: number;
  /** Who leads from here on. */
  readonly label: string;
  readonly transport: string;
}

/** A point that deserves a look: a cliff. */
export interface MarkSpec {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

export interface LinePanelSpec {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly lines: readonly LineSpec[];
  readonly bands: readonly BandSpec[];
  readonly marks: readonly MarkSpec[];
}

export type Hatch = 'none' | 'light' | 'dense';

/** One part of stacked bars, or one bar of each group. */
export interface BarSpec {
  readonly label: string;
  readonly light: string;
  readonly dark: string;
  /** By category; null where there is no figure. */
  readonly values: readonly (number | null)[];
  /** By category: how much of it rests on estimates. */
  readonly hatch: readonly Hatch[];
}

export interface BarPanelSpec {
  readonly kind: 'bars';
  readonly title: string;
  readonly categories: readonly string[];
  readonly value: AxisSpec;
  /** Stacked: the bars of a category lie end to end, and the sum is written behind. Else side by side. */
  readonly stacked: boolean;
  readonly bars: readonly BarSpec[];
}

export type PanelSpec = LinePanelSpec | BarPanelSpec;

/** A sign of the legend: a line with its marker, or a patch. */
export type LegendItem =
  | {
      readonly kind: 'line';
      readonly label: string;
      readonly transport: string;
      readonly hollow: boolean;
    }
  | {
      readonly kind: 'patch';
      readonly label: string;
      readonly light: string;
      readonly dark: string;
      readonly hatch: Hatch;
    };

/** A table of text; the first column names the row. */
export interface TableSpec {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Index of the best column of each row, to be marked; -1 for none. Same length as rows, or empty. */
  readonly best: readonly number[];
}

/** A picture of one or more panels that share title, legend and source, with the table that says the same. */
export interface FigureSpec {
  /** File name without its extension, and anchor in the page: [a-z0-9-]. */
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly columns: 1 | 2 | 3;
  readonly panels: readonly PanelSpec[];
  readonly legend: readonly LegendItem[];
  /** What a reader must know besides: cells without a figure, sizes that are not quite equal. */
  readonly notes: readonly string[];
  /** Run, version, profile. */
  readonly source: string;
  readonly table: TableSpec;
}
