import { type AnswerSheet, judgeClaims } from '../../judge/claims/judge-claims.js';
import { type Validation, validate } from '../../judge/validation/validation.js';
import { type Cell, type RunDescription, SCHEMA_VERSION } from '../../results/types.js';
import { recordedPoints } from './meeting-points.js';
import { breakingCell, emulatedProfile, isQuick, modelCell, publishedPoint } from './model-side.js';
import { readPublishedTransfers, readRecorded } from './reference-files.js';

const EVERYTHING = {
  scenarios: undefined,
  transports: undefined,
  guestTypes: undefined,
  ringSizes: undefined,
  messageSizes: undefined,
  grantModes: undefined,
};

/** The model against all counts that come with the program: what docs/cost-model.md shows, and the tests hold it to. */
export async function standingValidation(): Promise<Validation> {
  const recorded = await readRecorded(undefined);
  const profile = emulatedProfile('');
  const model = recordedPoints(recorded, EVERYTHING).map((point) => modelCell(point, profile));
  const published = readPublishedTransfers().filter(isQuick).map(publishedPoint);
  return validate({ model, recorded: recorded.cells, fresh: [], published });
}

/** What breaks: the model against the recorded cells of real Xen that are wanted. docs/failure.md shows all. */
export async function standingOutcomes(
  isWanted: (cell: Cell) => boolean = () => true,
): Promise<Validation> {
  const real = (await readRecorded(undefined)).breaking.filter(isWanted);
  const breaking = { model: real.map(breakingCell), real };
  return validate({ model: [], recorded: [], fresh: [], published: [], breaking });
}

/** The claims by what breaks: in the model alone, and there and on real Xen. docs/claims.md shows them side by side. */
export async function standingClaims(): Promise<{
  readonly model: AnswerSheet;
  readonly both: AnswerSheet;
}> {
  const { breaking, runs } = await readRecorded(undefined);
  const [run] = runs as readonly [RunDescription, ...(readonly RunDescription[])];
  const sheet = (cells: readonly Cell[]): AnswerSheet =>
    judgeClaims([{ schemaVersion: SCHEMA_VERSION, run, cells }]);
  const model = breaking.map(breakingCell);
  return { model: sheet(model), both: sheet([...model, ...breaking]) };
}
