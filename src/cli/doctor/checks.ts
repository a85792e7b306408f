import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { formatBytes, MIB } from '../../base/units.js';
import { findInPath } from '../find-in-path.js';
import type { Environment } from '../terminal.js';
import { checkDrawing } from './check-drawing.js';
import { checkLive } from './check-live.js';
import { checkPrograms } from './check-programs.js';
import { checkXen } from './check-xen.js';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** `missing`: something optional is not there; `broken`: nothing works without it. */
  readonly state: 'ok' | 'missing' | 'broken';
  readonly detail: string;
}

/** What a machine has, and the Debian packages with what it has not. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly packages: readonly string[];
}

/** Looks at this machine. Changes nothing. */
export async function checkMachine(environment: Environment): Promise<Diagnosis> {
  const packages: string[] = [];
  const findings = [
    checkNode(),
    checkCapacity(),
    await checkDrawing(),
    ...(await checkLive()),
    ...checkXen(packages, environment),
    checkProgram(environment, packages, {
      what: 'browser',
      names: ['chromium', 'chromium-browser', 'google-chrome'],
      purpose: "the tests of the report's page need one; the page itself opens in any",
      package: 'chromium',
    }),
    checkProgram(environment, packages, {
      what: 'C compiler',
      names: ['gcc', 'cc'],
      purpose: 'interdom exec compiles its preload library here; interdom tunnel needs none',
      package: 'gcc',
    }),
    checkPrograms(environment),
    checkProgram(environment, packages, {
      what: 'git',
      names: ['git'],
      purpose: 'results say from which commit they come',
      package: 'git',
    }),
  ];
  return { findings, packages };
}

function checkNode(): Finding {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  const wanted = (JSON.parse(text) as { engines: { node: string } }).engines.node;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = wanted.replace(/^\D+/, '').split('.').map(Number);
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return {
    what: 'Node',
    state: enough ? 'ok' : 'broken',
    detail: `${process.versions.node}; ${wanted} is needed`,
  };
}

function checkCapacity(): Finding {
  const memory = formatBytes(Math.floor(totalmem() / MIB) * MIB);
  return {
    what: 'testbed model',
    state: 'ok',
    detail: `runs here; ${cpus().length} cores, ${memory} of memory`,
  };
}

interface WantedProgram {
  readonly what: string;
  readonly names: readonly string[];
  readonly purpose: string;
  readonly package: string;
}

function checkProgram(
  environment: Environment,
  packages: string[],
  wanted: WantedProgram,
): Finding {
  const found = wanted.names.find((name) => findInPath(name, environment) !== undefined);
  if (found === undefined) packages.push(wanted.package);
  return {
    what: wanted.what,
    state: found === undefined ? 'missing' : 'ok',
    detail: found === undefined ? wanted.purpose : `${found} is there`,
  };
}
