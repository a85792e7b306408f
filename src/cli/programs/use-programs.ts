import { profileRecord } from '../../profiles/record.js';
import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import { beginRun, endRun } from '../../results/provenance.js';
import { writeResultsFile } from '../../results/store.js';
import { type Cell, SCHEMA_VERSION } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';
import { readMachine } from '../sockets/machine-options.js';
import { textTable } from '../text-table.js';
import { TrialRun, WAYS } from './carry-out-trial.js';
import { programRow } from './program-row.js';
import { TRIALS } from './trials.js';

const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];
const COLUMNS = [
  'program',
  'transport',
  'way',
  'throughput',
  'of loopback',
  'latency',
  'x loopback',
  'entries a request',
  '',
];

/** Carries out `interdom programs`. */
export async function usePrograms(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, terminal, words } = invocation;
  const names = TRIALS.map(({ name }) => name);
  const trials =
    positionals.length === 0 ? TRIALS : TRIALS.filter(({ name }) => positionals.includes(name));
  const { unknownName } = await import('../../base/did-you-mean.js');
  for (const name of positionals) {
    if (!names.includes(name)) throw unknownName('a program', name, names, 'interdom programs');
  }
  const transports = options.words('transport', TRANSPORTS) ?? TRANSPORTS;
  const ways = options.words('way', WAYS) ?? ['exec'];
  const machine = readMachine(options);
  const run = beginRun({
    startedAtMs: Date.now(),
    command: ['interdom', ...words],
    version: packageVersion(),
    commit: programCommit(),
    seed: 1,
    suite: PROGRAM_SCENARIO,
    host: hostFacts(),
    profiles: { [machine.profile.name]: profileRecord(machine.profile) },
  });
  const cells: Cell[] = [];
  for (const trial of trials) {
    terminal.note(`interdom: ${trial.name}: ${trial.summary}`);
    const machines = transports.map((transport) => ({ ...machine, transport }));
    const made = await new TrialRun(trial, terminal.environment).carryOut(machines, ways);
    for (const cell of made) {
      const why = cell.reason ?? cell.outcome?.['why'];
      if (why !== undefined) {
        const way = cell.parameters['way'];
        terminal.note(`interdom: ${trial.name} over ${cell.transport} by ${way}: ${why}`);
      }
    }
    cells.push(...made);
  }
  await terminal.print(textTable(COLUMNS, cells.map(programRow), terminal.width));
  const output = options.text('output');
  if (output !== undefined) {
    const complete = endRun(run, Date.now(), true);
    writeResultsFile(output, { schemaVersion: SCHEMA_VERSION, run: complete, cells });
    terminal.note(`interdom: ${output} is written`);
  }
  return cells.some(({ verdict }) => verdict === 'valid') ? EXIT.ok : EXIT.nothingMeasured;
}
