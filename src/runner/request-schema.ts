import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { UserError } from '../base/errors.js';
import type { RunRequest } from './request.js';

/**
 * Checks a request that was read from a journal. Importing this module loads TypeBox (about 50 ms):
 * do so only where a run is resumed.
 */

const texts = Type.Array(Type.String());
const count = Type.Integer({ minimum: 0 });
const sizes = Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1 });

const RequestSchema = Type.Object(
  {
    testbed: Type.String(),
    testbedOptions: Type.Optional(Type.Record(Type.String(), Type.String())),
    transports: texts,
    profiles: texts,
    scenarios: texts,
    suite: Type.String(),
    ringSizeBytes: Type.Optional(sizes),
    messageSizeBytes: Type.Optional(sizes),
    guestType: Type.Optional(texts),
    grantMode: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Literal('persistent'),
          Type.Literal('per-transfer'),
          Type.Literal('copy'),
        ]),
      ),
    ),
    placement: Type.Optional(Type.Array(Type.Union([Type.Literal('own'), Type.Literal('shared')]))),
    messages: Type.Optional(Type.Integer({ minimum: 1 })),
    seed: count,
    seeds: Type.Integer({ minimum: 1 }),
    uncertainty: count,
    shard: Type.Optional(
      Type.Object({ index: Type.Integer({ minimum: 1 }), of: Type.Integer({ minimum: 1 }) }),
    ),
    set: Type.Record(Type.String(), texts),
  },
  { additionalProperties: false },
);

/** Reads the options that a journal keeps. Throws UserError, with the field. */
export function parseRequest(value: unknown, where: string): RunRequest {
  const check = TypeCompiler.Compile(RequestSchema);
  if (check.Check(value)) {
    const request: Static<typeof RequestSchema> = value;
    return request as RunRequest;
  }
  const error = check.Errors(value).First();
  const field = `options${(error?.path ?? '').replaceAll('/', '.')}`;
  throw new UserError(`${field}: ${error?.message ?? 'is not what a run has'}`, {
    where,
    remedy: 'start the run anew',
  });
}
