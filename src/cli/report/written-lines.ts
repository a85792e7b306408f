import { dirname } from 'node:path';

/** What a report has written, a line each; of the pictures, of which there are many, how many lie in which folder. */
export function writtenLines(paths: readonly string[]): string {
  const charts = new Map<string, number>();
  const lines: string[] = [];
  for (const path of paths) {
    if (path.endsWith('.png')) {
      const folder = dirname(path);
      charts.set(folder, (charts.get(folder) ?? 0) + 1);
    } else if (!path.endsWith('.svg')) lines.push(path);
  }
  for (const [folder, count] of charts) {
    lines.push(`${folder}/: ${count} ${count === 1 ? 'chart' : 'charts'}, each as PNG and SVG`);
  }
  return `${lines.join('\n')}\n`;
}
