import { join } from 'node:path';
import { asOnXen, type Validation } from '../../judge/validation/validation.js';
import type { Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import {
  validationCsv,
  validationJson,
  validationMarkdown,
  validationText,
} from '../../report/validation/render-validation.js';
import type { RowChoice } from '../../report/validation/text-table.js';
import { makeReportFolder, writeBytesAtomically } from '../../report/write-bytes.js';
import { beginRun, endRun } from '../../results/provenance.js';
import { writeResultsFile } from '../../results/store.js';
import { type Cell, type RunDescription, SCHEMA_VERSION } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { VALIDATE_FORMATS } from '../commands/validate.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';

/** Columns where nobody says how many there are. */
const WIDE = 240;

/** The cells that were compared, and where they are from. */
export interface ComparedCells {
  readonly model: readonly Cell[];
  readonly recorded: readonly Cell[];
  readonly fresh: readonly Cell[];
  /** Those in which something breaks, of both sides. */
  readonly breaking: readonly Cell[];
  /** Of the recorded cells. */
  readonly runs: readonly RunDescription[];
  readonly profile: Profile;
}

/** Prints a validation, and writes the files that were asked for. Throws UserError. */
export async function presentValidation(
  invocation: Invocation,
  validation: Validation,
  cells: ComparedCells,
): Promise<void> {
  const { options, terminal } = invocation;
  const choice: RowChoice = { all: options.flag('all'), details: options.flag('details') };
  await terminal.print(text(invocation, validation, choice));
  const folder = options.text('out');
  if (folder !== undefined) {
    await drawInto(folder, validation, choice, cells);
    terminal.note(`interdom: ${join(folder, 'validation.md')} and its picture are written`);
  }
  const output = options.text('output');
  if (output !== undefined) {
    writeResultsFile(output, resultsOf(invocation, cells));
    terminal.note(`interdom: both sides are in ${output}; interdom report draws them`);
  }
}

function text({ options, terminal }: Invocation, validation: Validation, choice: RowChoice) {
  switch (options.word('format', VALIDATE_FORMATS) ?? 'table') {
    case 'md':
      return validationMarkdown(validation, choice);
    case 'json':
      return validationJson(validation);
    case 'csv':
      return validationCsv(validation);
    default:
      // Cut names are for those only who cannot have wider lines.
      return validationText(
        validation,
        choice,
        terminal.isInteractive ? terminal.width : WIDE,
        terminal.colour,
      );
  }
}

async function drawInto(
  folder: string,
  validation: Validation,
  choice: RowChoice,
  cells: ComparedCells,
): Promise<void> {
  const { PngPainter } = await import('../../report/draw/png.js');
  const { validationFigure } = await import('../../report/validation/validation-figure.js');
  const source = cells.runs.map(({ id }) => `run ${id}`).join(' · ');
  const figure = validationFigure(validation, source === '' ? 'measured now' : source);
  makeReportFolder(folder);
  writeBytesAtomically(join(folder, 'validation.png'), new PngPainter().paint(figure));
  const markdown = `# Model against real Xen\n\n![Counts of the model against counts of real Xen](validation.png)\n\n${validationMarkdown(validation, choice)}`;
  writeBytesAtomically(join(folder, 'validation.md'), Buffer.from(markdown));
  writeBytesAtomically(join(folder, 'validation.csv'), Buffer.from(validationCsv(validation)));
}

/** Both sides as one results file: the model's cells under the meanings of real Xen's. */
function resultsOf(
  { words }: Invocation,
  { model, recorded, fresh, breaking, profile }: ComparedCells,
) {
  const now = Date.now();
  const run = beginRun({
    startedAtMs: now,
    command: ['interdom', ...words],
    version: packageVersion(),
    commit: programCommit(),
    seed: 1,
    suite: 'validation',
    host: hostFacts(),
    profiles: { [profile.name]: profileRecord(profile) },
  });
  const measured = new Map([...recorded, ...fresh].map((cell) => [cell.id, cell]));
  return {
    schemaVersion: SCHEMA_VERSION,
    run: endRun(run, now, true),
    cells: [...model.map(asOnXen), ...measured.values(), ...breaking],
  };
}
