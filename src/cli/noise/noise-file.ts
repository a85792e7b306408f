import { readFileSync } from 'node:fs';
import { canonicalJson } from '../../base/canonical-json.js';
import { UserError } from '../../base/errors.js';
import { parseJsonFile } from '../../judge/gate/baseline-schema.js';
import type { NoiseOfFigure } from '../../judge/gate/noise-floor.js';
import { fileFault } from '../../results/file-fault.js';

/** How much sampled figures differ on one kind of host when nothing has changed. */
export interface NoiseFile {
  readonly noiseVersion: 1;
  readonly hostClass: string;
  readonly figures: readonly NoiseOfFigure[];
}

export function noiseText(noise: NoiseFile): string {
  return `${canonicalJson(noise, 1)}\n`;
}

/**
 * Noise floors by "cell:metric". Throws UserError for a file that is none, and for one of another
 * kind of host, whose noise says nothing of this one's.
 * @param path undefined: no floors
 */
export function readNoiseFloors(
  path: string | undefined,
  hostClass: string | undefined,
): ReadonlyMap<string, number> {
  if (path === undefined) return new Map();
  const noise = parseNoise(path);
  if (noise.hostClass !== hostClass) {
    throw new UserError(
      `the noise was measured on another kind of host: ${noise.hostClass}; the run is from ${hostClass ?? 'none'}`,
      { where: path, remedy: 'measure it there: interdom noise' },
    );
  }
  return new Map(noise.figures.map(({ cell, metric, floor }) => [`${cell}:${metric}`, floor]));
}

function parseNoise(path: string): NoiseFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
  const document = parseJsonFile(text, path) as Partial<NoiseFile> | null;
  const { noiseVersion, hostClass, figures } = document ?? {};
  const isSound =
    noiseVersion === 1 &&
    typeof hostClass === 'string' &&
    Array.isArray(figures) &&
    figures.every(
      (figure) =>
        typeof figure.cell === 'string' &&
        typeof figure.metric === 'string' &&
        Number.isFinite(figure.floor),
    );
  if (isSound) return document as NoiseFile;
  throw new UserError('it is no noise floor', {
    where: path,
    remedy: 'give a file that interdom noise has written',
  });
}
