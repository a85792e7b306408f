import { shellWord } from '../../base/shell-word.js';
import type { ReportCell } from './report-data.js';

/** Parameters that have an option of their own; all others go through --set. */
const OPTIONS: readonly (readonly [parameter: string, option: string])[] = [
  ['ringSizeBytes', '--ring-size'],
  ['messageSizeBytes', '--message-size'],
  ['guestType', '--guest-type'],
  ['grantMode', '--grant-mode'],
  ['placement', '--placement'],
  ['messages', '--messages'],
  ['seed', '--seed'],
];

/** The command that measures one cell again, with every word quoted for a POSIX shell. */
export function reproduceCommand(cell: ReportCell): string {
  const words = ['npx', 'interdom', 'run', cell.scenario];
  words.push('--testbed', cell.testbed, '--profile', cell.profile, '--transport', cell.transport);
  const named = new Set(OPTIONS.map(([parameter]) => parameter));
  for (const [parameter, option] of OPTIONS) {
    if (Object.hasOwn(cell.parameters, parameter)) {
      words.push(option, String(cell.parameters[parameter]));
    }
  }
  for (const name of Object.keys(cell.parameters).sort()) {
    if (!named.has(name)) words.push('--set', `${name}=${String(cell.parameters[name])}`);
  }
  return words.map(shellWord).join(' ');
}
