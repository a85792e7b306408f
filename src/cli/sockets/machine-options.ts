import { UserError } from '../../base/errors.js';
import { parseSize } from '../../base/units.js';
import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { SocketMachine } from '../../sockets/seat.js';
import { CATALOGUE } from '../catalogue.js';
import type { OptionValues } from '../options/option-values.js';
import { resolveProfiles } from '../run/profile-files.js';

/** Shared memory of both domains: the system gives it as it is used. */
const MEMORY_BYTES = 1024 * 1024 * 1024;
const DEFAULT_RING_BYTES = 65_536;

/** The machine that the options describe. Throws UserError. */
export function readMachine(options: OptionValues): SocketMachine {
  const known = CATALOGUE.transports.filter(({ capabilities }) => capabilities.comparable);
  const transport =
    options.word(
      'transport',
      known.map(({ name }) => name),
    ) ?? 'libvchan';
  const size = options.text('ring-size');
  const where = options.given('ring-size')?.where ?? '--ring-size';
  const ringSizeBytes = size === undefined ? DEFAULT_RING_BYTES : parseSize(size, where);
  const ring = known.find(({ name }) => name === transport)?.ringSize(ringSizeBytes);
  if (ring !== undefined && 'refused' in ring) throw new UserError(ring.refused, { where });
  const [profile] = resolveProfiles(
    options.given('profile'),
    CATALOGUE.profiles,
    DEFAULT_PROFILE_NAME,
  );
  if (profile === undefined) throw new UserError('one profile is wanted', { where: '--profile' });
  return {
    transport,
    transportOptions: {},
    ringSizeBytes,
    profile,
    inject: options.word('inject', ['profile', 'none']) ?? 'none',
    guestType: options.word('guest-type', ['pv', 'pvh']) ?? 'pvh',
    limits: options.word('limits', ['default', 'raised']) ?? 'default',
    memoryBytes: MEMORY_BYTES,
  };
}
