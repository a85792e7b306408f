import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultsFile } from '../../src/results/types.js';

export function readJson(path: string): ResultsFile {
  return JSON.parse(readFileSync(path, 'utf8')) as ResultsFile;
}

/** The cells of a results file as bytes: they hold neither times of day nor hosts. */
export function cellsText(path: string): string {
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf('"cells": [');
  assert.ok(from > 0, `${path} has no cells`);
  return text.slice(from);
}

/** The one results file under results/runs of a folder. */
export function onlyRun(folder: string): string {
  const runs = join(folder, 'results', 'runs');
  const names = readdirSync(runs);
  assert.equal(names.length, 1, `results/runs holds ${names.join(', ')}`);
  return join(runs, names[0] as string);
}
