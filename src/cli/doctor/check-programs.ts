import { findProgramOrServer } from '../programs/trial.js';
import { TRIALS } from '../programs/trials.js';
import type { Environment } from '../terminal.js';
import type { Finding } from './checks.js';

/** Which of the real programs there are that `interdom programs` uses, and what has the others. */
export function checkPrograms(environment: Environment): Finding {
  const isThere = (program: string): boolean =>
    findProgramOrServer(program, environment) !== undefined;
  const skipped = TRIALS.filter(({ needs }) => !needs.every(isThere));
  const names = skipped.map(({ name }) => name).join(', ');
  const packages = [...new Set(skipped.flatMap((trial) => trial.packages))].join(' ');
  return {
    what: 'programs',
    state: skipped.length === 0 ? 'ok' : 'missing',
    detail:
      skipped.length === 0
        ? `${TRIALS.map(({ name }) => name).join(', ')}: what interdom programs uses is there`
        : `interdom programs skips ${names}: apt-get install ${packages}`,
  };
}
