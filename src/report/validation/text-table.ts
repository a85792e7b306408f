/** A table of text, for whichever form it is drawn in. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Which rows are wanted. */
export interface RowChoice {
  /** Rows within tolerance too, not only the worst of them. */
  readonly all: boolean;
  /** Rows that explain others. */
  readonly details: boolean;
}
