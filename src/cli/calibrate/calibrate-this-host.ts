import { mkdirSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { unknownName } from '../../base/did-you-mean.js';
import { DEFAULT_PROFILE_NAME, PROFILES } from '../../profiles/index.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { type Calibration, calibrateHost } from '../../testbed/live/calibration/calibrate-host.js';
import { hostProfile } from '../../testbed/live/calibration/host-profile.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { textTable } from '../text-table.js';

/** Where calibrations go, from the current folder. */
export const PROFILES_FOLDER = join('results', 'profiles');
const USUAL_CLOCK_HZ = 2e9;

/** Carries out `interdom calibrate`. Throws UserError. */
export async function calibrateThisHost({ options, terminal }: Invocation): Promise<ExitCode> {
  const like = options.text('like') ?? DEFAULT_PROFILE_NAME;
  const base = PROFILES.find(({ name }) => name === like);
  if (base === undefined) {
    const names = PROFILES.map(({ name }) => name);
    throw unknownName('a profile', like, names, options.given('like')?.where ?? '--like');
  }
  const name = profileName(hostname());
  const output = options.text('output') ?? join(PROFILES_FOLDER, `${name}.json`);
  const calibration = await calibrateHost((text) => terminal.note(`interdom: ${text}`));
  for (const warning of calibration.warnings) terminal.note(`interdom: ${warning}`);
  const clockHz = (cpus()[0]?.speed ?? 0) * 1e6 || USUAL_CLOCK_HZ;
  const text = `${JSON.stringify(hostProfile(name, calibration, base, clockHz), null, 2)}\n`;
  if (output === '-') {
    await terminal.print(text);
    return EXIT.ok;
  }
  mkdirSync(dirname(output), { recursive: true });
  writeFileAtomically(output, [text]);
  await terminal.print(table(calibration, like, terminal.width));
  terminal.note(`profile: ${output}`);
  return EXIT.ok;
}

/** A host's name as profiles may be called. */
function profileName(host: string): string {
  const usable = host
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  const name = `host-${usable}`.slice(0, 64);
  return name === 'host-' ? 'host' : name;
}

function table({ figures, missing }: Calibration, like: string, width: number): string {
  const figure = (value: number): string => Number(value.toPrecision(3)).toString();
  const measured = figures.map((one) => [
    one.name,
    `${figure(one.value)} ${one.unit}`,
    `${figure(one.low)} to ${figure(one.high)}`,
    one.confidence,
    one.meaning,
  ]);
  const absent = missing.map(({ name, reason }) => [name, `as ${like}`, '', '', reason]);
  const header = ['figure', 'value', 'another time within', 'confidence', 'what it is'];
  return textTable(header, [...measured, ...absent], width);
}
