import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import {
  BASELINE_VERSION,
  type Baseline,
  sideOfBaselines,
} from '../../judge/gate/baseline-file.js';
import {
  baselineVersionOf,
  checkBaseline,
  parseJsonFile,
} from '../../judge/gate/baseline-schema.js';
import { type GateCell, type Side, sideOfResults } from '../../judge/gate/side.js';
import { fileFault } from '../../results/file-fault.js';
import { OtherSchema } from '../../results/other-schema.js';
import { parseResults } from '../../results/schema.js';

/** What a run is compared with. */
export interface Reference {
  readonly side: Side;
  /** Files in which it stands, and their texts: for annotations. */
  readonly files: readonly ReferenceFile[];
  /** Cells of references that do not concern the run. */
  otherCells(): Iterable<GateCell>;
}

export interface ReferenceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads a baseline, a folder of baselines, or a results file. Of a folder, those that concern the
 * run; all of them where none does, so that the message can say what there is. Throws UserError.
 */
export function readReference(path: string, run: Side, withHarness: boolean): Reference {
  if (isFolder(path)) return fromFolder(path, run, withHarness);
  const text = readText(path);
  const document = parseJsonFile(text, path);
  const files = [{ path, text }];
  if (baselineVersionOf(document) !== undefined) {
    const baseline = baselineOf(document, path);
    return { side: sideOfBaselines(path, [baseline], withHarness), files, otherCells: () => [] };
  }
  return {
    side: sideOfResults(path, parseResults(text, path), withHarness),
    files,
    otherCells: () => [],
  };
}

/** All baselines of a file or folder, with their paths. Throws UserError. */
export function readBaselines(path: string): readonly (ReferenceFile & { baseline: Baseline })[] {
  const paths = isFolder(path) ? baselinePaths(path) : [path];
  return paths.map((file) => {
    const text = readText(file);
    const document = parseJsonFile(text, file);
    if (baselineVersionOf(document) === undefined) {
      throw new UserError(`${file} is no baseline`, {
        where: file,
        remedy: 'make one: interdom baseline save RUN',
      });
    }
    return { path: file, text, baseline: baselineOf(document, file) };
  });
}

function fromFolder(folder: string, run: Side, withHarness: boolean): Reference {
  const all = readBaselines(folder);
  if (all.length === 0) throw noBaseline(folder);
  const wanted = new Set([...run.cells.values()].map((cell) => keyOf(cell)));
  const chosen = all.filter(({ baseline }) => wanted.has(keyOf(baseline)));
  refuseTwoOfAKind(chosen);
  const used = chosen.length > 0 ? chosen : all;
  const name = used.length === 1 ? (used[0]?.path ?? folder) : folder;
  const rest = all.filter((one) => !used.includes(one)).map(({ baseline }) => baseline);
  return {
    side: sideOfBaselines(
      name,
      used.map(({ baseline }) => baseline),
      withHarness,
    ),
    files: used,
    otherCells: () => sideOfBaselines(folder, rest, false).cells.values(),
  };
}

/** A copy that was left behind would hide the other, or be hidden by it. */
function refuseTwoOfAKind(all: ReturnType<typeof readBaselines>): void {
  const first = new Map<string, string>();
  for (const { path, baseline } of all) {
    const other = first.get(keyOf(baseline));
    if (other !== undefined) {
      throw new UserError(
        `${other} and ${path} are both the baseline of ${baseline.testbed}, ${baseline.profile}`,
        { where: '--baseline', remedy: 'remove one of them, or name the file that is meant' },
      );
    }
    first.set(keyOf(baseline), path);
  }
}

function keyOf({
  testbed,
  profile,
}: {
  readonly testbed: string;
  readonly profile: string;
}): string {
  return JSON.stringify([testbed, profile]);
}

function baselineOf(document: unknown, path: string): Baseline {
  const version = baselineVersionOf(document);
  if (typeof version === 'number' && version !== BASELINE_VERSION) {
    throw new OtherSchema('$.baselineVersion', version, BASELINE_VERSION, path);
  }
  return checkBaseline(document, path);
}

function baselinePaths(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}

function isFolder(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw noBaseline(path);
    return stats.isDirectory();
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
}

function noBaseline(path: string): UserError {
  return new UserError(`there is no baseline at ${path}`, {
    where: '--baseline',
    remedy: 'make one: interdom baseline save RUN; or name the results file of another run',
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileFault('read', path, cause);
  }
}
