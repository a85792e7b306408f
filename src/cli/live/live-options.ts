import type { OptionSpec } from '../command.js';
import type { OptionValues } from '../options/option-values.js';

/** Options of commands that measure on this machine. */
export const LIVE_OPTIONS = {
  inject: {
    name: 'inject',
    describe:
      'testbed live: profile pays its privileged operations as delays; none, the bare machine',
    default: 'profile',
    candidates: ['profile', 'none'],
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** What of the testbed live a result depends on, by names of options. Throws UserError. */
export function liveSettings(options: OptionValues): Readonly<Record<string, string>> {
  return { inject: options.word('inject', LIVE_OPTIONS.inject.candidates) ?? 'profile' };
}
