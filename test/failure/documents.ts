import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytesPerSecond, formatNs, formatSignificant } from '../../src/base/units.js';
import type { Cell, ResultsFile } from '../../src/results/types.js';
import { runProgram } from '../cli/spawn-program.js';

/** What docs/failure.md and docs/claims.md show of the program: scripts/failure-documents.mjs writes it. */

const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];
const BEGIN = '<!-- written by scripts/failure-documents.mjs -->';
const END = '<!-- end of what the script writes -->';

/** What is told of each scenario beside the finding: fields of the outcome, and metrics. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'broker-outage': ['newConnection', 'existingConnection', 'afterRepair', 'recoveryNs'],
  'symmetric-crash': ['endsTold', 'zombieNs', 'otherCanBeDestroyed'],
  'destroy-order': ['zombieNs', 'framesStuck', 'goneWithTheClient'],
  'untold-survivor': ['told', 'toldNs', 'learnsByAsking', 'zombieNs'],
  reconnect: ['recoveryNs', 'recoveryAfterBootNs', 'bytesLost'],
  isolation: ['pagesReadable', 'pagesWritable', 'exposedAfterCloseNs'],
  'hostile-peer': ['hostileStates', 'statesStalled', 'statesCorrupted', 'statesEscaped'],
  'channel-depletion': ['connections', 'stoppedBy'],
  'setup-storm': ['connections', 'stoppedBy', 'stormNs'],
  'one-to-many': ['connections', 'bytesPerSecond', 'latencyNsP99', 'fairness', 'serverFrames'],
  'noisy-neighbour': ['latencyNsP50', 'latencyNsP99'],
  'suspend-resume': ['connection', 'newConnection', 'recoveryNs'],
  'dom0-peer': ['latencyNsP50'],
};

/** A run by what it is called here. */
type Run = readonly [name: string, ...words: readonly string[]];

const WIDTHS = ['copy-locality', '--set', 'copyBits=8,32,64,128,256,512'];
const AT_LIMITS = ['fan-in', '--set', 'limits=default', '--set', 'senders=1200'];

/** What is measured elsewhere: the quick suite is the committed sample, programs are those of one machine. */
const COMMITTED = ['sample/quick.json', 'programs/programs.json'];

/** The other runs that the two pages rest on. */
const RUNS: readonly Run[] = [
  ['failure', '--suite', 'failure'],
  ['eras', '--suite', 'quick', '--profile', 'sandybridge-2012,zen4-2023'],
  ['width', ...WIDTHS],
  ['limits', ...AT_LIMITS],
];

const DRAWS = ['--uncertainty', '40'];
const OF_FAILURE = ['--suite', 'failure', ...DRAWS];

/** What claims judge, at drawn prices: the same forty sets in all. What takes longest is left out, and the sheet names it. */
const DRAWN: readonly Run[] = [
  ['draws', '--suite', 'quick', ...DRAWS],
  [
    'failure-draws',
    ...['symmetric-crash', 'destroy-order', 'untold-survivor', 'reconnect'],
    ...['isolation', 'setup-storm', 'suspend-resume', 'dom0-peer', ...OF_FAILURE],
  ],
  ['broker-draws', 'broker-outage', '--set', 'service=broker', ...OF_FAILURE],
  [
    'clients-draws',
    'one-to-many',
    '--set',
    'clients=1,10,100',
    '-t',
    'v4v,libvchan',
    ...OF_FAILURE,
  ],
  ['ports-draws', 'channel-depletion', '--set', 'scarce=event channels', ...OF_FAILURE],
  ['hostile-draws', 'hostile-peer', '-t', 'v4v', ...OF_FAILURE],
  ['width-draws', 'copy-locality', '--set', 'copyBits=8,64,128', '-t', 'v4v', ...DRAWS],
];

/**
 * Measures and has the claims judged anew.
 *
 * @param folder for the results files; those that are there are used
 * @param root of the checkout
 * @param drawn also at drawn prices, which takes twenty times as long
 * @returns the two pages as they should be, by their path
 */
export async function writtenDocuments(
  folder: string,
  root: string,
  drawn: boolean,
): Promise<Map<string, string>> {
  const files = COMMITTED.map((path) => join(root, 'results', path));
  for (const [name, ...words] of drawn ? [...RUNS, ...DRAWN] : RUNS) {
    const file = join(folder, `${name}.json`);
    files.push(file);
    if (existsSync(file)) continue;
    const options = ['--no-harness', '--quiet', '--no-progress', '--output', file];
    const { code, stderr } = await runProgram(['run', ...words, ...options], { cwd: folder });
    if (code !== 0) throw new Error(`interdom run ${words.join(' ')}: ${stderr}`);
  }
  const { code, stdout, stderr } = await runProgram(['claims', ...files], { cwd: folder });
  if (code !== 0) throw new Error(`interdom claims: ${stderr}`);
  const failure = JSON.parse(readFileSync(join(folder, 'failure.json'), 'utf8')) as ResultsFile;
  return new Map([
    filled(root, 'docs/claims.md', `\`\`\`\n${withoutCommits(stdout)}\`\`\``),
    filled(root, 'docs/failure.md', failureTables(failure.cells)),
  ]);
}

/** A page without what the draws of prices add to the sheet, and without the runs that it names. */
export function withoutDraws(page: string): string {
  return page
    .replace(/(claim by claim\n\n)[\s\S]*?\n\n/, '$1')
    .replace(/^(claim +answer) +flips$[\s\S]*?\n\n/m, withoutLastColumn)
    .replace(/\n {4}Prices: [\s\S]*?(?=\n\S|\n\n)/g, '');
}

function withoutLastColumn(table: string): string {
  const width = table.indexOf('flips');
  return table
    .split('\n')
    .map((line) => line.slice(0, width).trimEnd())
    .join('\n');
}

function filled(root: string, path: string, text: string): [path: string, page: string] {
  const page = readFileSync(join(root, path), 'utf8');
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${path} has not the markers ${BEGIN} and ${END}`);
  return [path, `${page.slice(0, from + BEGIN.length)}\n\n${text}\n\n${page.slice(to)}`];
}

/** Which commit printed it would be another one in each commit. */
function withoutCommits(sheet: string): string {
  const [title, source, ...rest] = sheet.split('\n\n');
  const plain = (source ?? '').replace(/;\s+interdom\s+\d.*?\)(?=\.)/s, '');
  return [title, plain, ...rest].join('\n\n');
}

/** Two tables: what became of everything, and what a hostile peer achieved by what. */
export function failureTables(cells: readonly Cell[]): string {
  const rows = new Map<string, Map<string, string>>();
  for (const cell of cells) {
    const told = TOLD[cell.scenario];
    if (told === undefined) continue;
    const row = rows.get(caseOf(cell)) ?? new Map<string, string>();
    rows.set(caseOf(cell), row.set(cell.transport, tell(cell, told)));
  }
  return [
    '### What became of it',
    table(
      ['case', ...TRANSPORTS],
      [...rows].map(([name, row]) => [name, ...TRANSPORTS.map((one) => row.get(one) ?? '')]),
    ),
    '### What a hostile peer achieved, by what it changed',
    table(
      ['transport', 'what', 'nothing', 'own channel stalled', 'data corrupted but contained'],
      kindRows(cells),
    ),
  ].join('\n\n');
}

/** "destroy-order, order=client-hung": the scenario and what tells its cells apart. */
function caseOf({ scenario, parameters }: Cell): string {
  const common = ['messageSizeBytes', 'grantMode', 'placement', 'seed', 'messages', 'observeMs'];
  const settings = Object.entries(parameters)
    .filter(([name]) => !common.includes(name))
    .filter(([name, value]) => name !== 'ringSizeBytes' || value !== 4096)
    .filter(([name, value]) => name !== 'guestType' || value !== 'pvh')
    .map(([name, value]) => `${name}=${value}`);
  return [scenario, ...settings].join(', ');
}

function tell(cell: Cell, names: readonly string[]): string {
  if (cell.verdict !== 'valid') return `${cell.verdict}: ${cell.reason ?? ''}`;
  const details = names.flatMap((name) => {
    const field = cell.outcome?.[name];
    if (field !== undefined) return [`${inWords(name)}: ${field}`];
    const figure = cell.metrics[name];
    return figure === undefined ? [] : [`${inWords(name)} ${quantity(figure)}`];
  });
  const finding = cell.outcome?.['finding'];
  return [...(finding === undefined ? [] : [`**${finding}**`]), ...details].join('; ');
}

function quantity({ value, unit }: { readonly value: number; readonly unit: string }): string {
  if (unit === 'ns') return formatNs(value);
  if (unit === 'B/s') return formatBytesPerSecond(value);
  return Number.isInteger(value) ? String(value) : formatSignificant(value);
}

/** "recoveryAfterBootNs" as "recovery after boot". */
function inWords(name: string): string {
  return name
    .replace(/Ns(?=P\d|$)/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

function kindRows(cells: readonly Cell[]): string[][] {
  const achievements = ['nothing', 'own channel stalled', 'data corrupted but contained'];
  return TRANSPORTS.flatMap((transport) => {
    const kinds = new Map<string, number[]>();
    for (const cell of cells) {
      if (cell.scenario !== 'hostile-peer' || cell.transport !== transport) continue;
      for (const part of String(cell.outcome?.['byKind']).split('; ')) {
        const at = part.lastIndexOf(': ');
        const kind = part.slice(0, at);
        const counts = kinds.get(kind) ?? achievements.map(() => 0);
        kinds.set(kind, counts);
        for (const one of part.slice(at + 2).split(', ')) {
          const [count = '0', ...words] = one.split(' ');
          const place = achievements.indexOf(words.join(' '));
          if (place < 0) throw new Error(`${transport}: a hostile peer achieved ${one}`);
          counts[place] = (counts[place] as number) + Number(count);
        }
      }
    }
    return [...kinds].map(([kind, counts]) => [transport, kind, ...counts.map(String)]);
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (words: readonly string[]): string => `| ${words.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
