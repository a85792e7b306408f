import type { Command } from '../command.js';
import { baseline } from './baseline.js';
import { check } from './check.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { doctor } from './doctor.js';
import { list } from './list.js';
import { merge } from './merge.js';
import { report } from './report.js';
import { run } from './run.js';
import { schema } from './schema.js';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  run,
  compare,
  report,
  merge,
  check,
  baseline,
  list,
  schema,
  doctor,
  completion,
];
