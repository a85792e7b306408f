import { type Validation, validate } from '../../judge/validation/validation.js';
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

/** The model against all that comes with the program: what the documentation shows, and the tests hold it to. */
export async function standingValidation(): Promise<Validation> {
  const recorded = await readRecorded(undefined);
  const profile = emulatedProfile('');
  const model = recordedPoints(recorded, EVERYTHING).map((point) => modelCell(point, profile));
  const published = readPublishedTransfers().filter(isQuick).map(publishedPoint);
  const real = recorded.breaking;
  const breaking = { model: real.map(breakingCell), real };
  return validate({ model, recorded: recorded.cells, fresh: [], published, breaking });
}
