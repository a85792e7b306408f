import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import type { Invocation } from '../command.js';
import { BASELINE_ACTIONS } from '../commands/baseline.js';
import type { ExitCode } from '../exit-codes.js';

/** Carries out `interdom baseline`. */
export async function keepBaseline(invocation: Invocation): Promise<ExitCode> {
  const [word = '', ...rest] = invocation.positionals;
  const action = BASELINE_ACTIONS.find((one) => one === word);
  if (action === undefined) {
    throw unknownName('an action', word, BASELINE_ACTIONS, 'interdom baseline');
  }
  if (rest.length > 1) {
    throw new UserError(`"${rest[1]}" is one word too many`, {
      where: `interdom baseline ${action}`,
      remedy: 'see interdom baseline --help',
    });
  }
  const [name] = rest;
  if (action === 'show') {
    const { showBaseline } = await import('./show-baseline.js');
    return showBaseline(invocation, name);
  }
  if (name === undefined) {
    throw new UserError(`interdom baseline ${action} needs to be told the run`, {
      where: `interdom baseline ${action}`,
      remedy: `interdom baseline ${action} latest`,
    });
  }
  const { saveBaseline } = await import('./save-baseline.js');
  if (action === 'save') return saveBaseline(invocation, name);
  const { updateBaseline } = await import('./update-baseline.js');
  return updateBaseline(invocation, name);
}
