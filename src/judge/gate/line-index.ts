/** Where in the text of a reference a cell and each of its figures stand, from 1. */
export interface LineIndex {
  lineOf(cell: string, metric: string | undefined): number | undefined;
}

const CELL = /^\{"id": ?("(?:[^"\\]|\\.)*")/;
const CELL_OF_RESULTS = /^\{"attributionNs"|^\{"counters"|^\{"effective"/;
const ID_INSIDE = /[,{]"id":("(?:[^"\\]|\\.)*")/;
const MEMBER = /^ {2}"([^"\\]+)": /;

/** Reads the lines of a baseline, or of a results file, which has one cell a line. */
export function lineIndex(text: string): LineIndex {
  const lines = new Map<string, number>();
  let cell: string | undefined;
  let inMetrics = false;
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    const start = CELL.exec(line) ?? (CELL_OF_RESULTS.test(line) ? ID_INSIDE.exec(line) : null);
    if (start !== null) {
      cell = JSON.parse(start[1] as string) as string;
      lines.set(cell, number);
      inMetrics = false;
    } else if (line.startsWith(' "')) {
      inMetrics = line.startsWith(' "metrics": {');
    } else if (inMetrics && cell !== undefined) {
      const member = MEMBER.exec(line);
      if (member !== null) lines.set(`${cell}:${member[1]}`, number);
    }
  }
  return {
    lineOf: (id, metric) => lines.get(`${id}:${metric ?? ''}`) ?? lines.get(id),
  };
}
