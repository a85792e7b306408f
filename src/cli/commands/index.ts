import type { Command } from '../command.js';
import { baseline } from './baseline.js';
import { bisect } from './bisect.js';
import { calibrate } from './calibrate.js';
import { check } from './check.js';
import { claims } from './claims.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { doctor } from './doctor.js';
import { exec } from './exec.js';
import { history } from './history.js';
import { list } from './list.js';
import { merge } from './merge.js';
import { noise } from './noise.js';
import { programs } from './programs.js';
import { report } from './report.js';
import { run } from './run.js';
import { schema } from './schema.js';
import { trace } from './trace.js';
import { tunnel } from './tunnel.js';
import { validate } from './validate.js';
import { xen } from './xen.js';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  run,
  compare,
  report,
  claims,
  validate,
  trace,
  calibrate,
  tunnel,
  exec,
  programs,
  merge,
  check,
  baseline,
  noise,
  history,
  bisect,
  list,
  schema,
  doctor,
  xen,
  completion,
];
