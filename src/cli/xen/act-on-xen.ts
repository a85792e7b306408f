import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import type { Invocation } from '../command.js';
import { XEN_ACTIONS } from '../commands/xen.js';
import type { ExitCode } from '../exit-codes.js';
import { Interruption } from '../run/interruption.js';

/** Carries out `interdom xen`. */
export async function actOnXen(invocation: Invocation): Promise<ExitCode> {
  const [word = '', ...rest] = invocation.positionals;
  const action = XEN_ACTIONS.find((one) => one === word);
  if (action === undefined) throw unknownName('an action', word, XEN_ACTIONS, 'interdom xen');
  const surplus = rest[action === 'record' ? 1 : 0];
  if (surplus !== undefined) {
    throw new UserError(`"${surplus}" is one word too many`, {
      where: `interdom xen ${action}`,
      remedy: 'see interdom xen --help',
    });
  }
  const { terminal } = invocation;
  const interruption = new Interruption(() => terminal.complain('interdom: interrupted'));
  const beganMs = performance.now();
  const watcher = {
    signal: interruption.signal,
    onProgress: (text: string): void => {
      const seconds = ((performance.now() - beganMs) / 1000).toFixed(1).padStart(6);
      terminal.note(`interdom: ${seconds} s  ${text}`);
    },
  };
  try {
    if (action === 'prepare') {
      const { prepareTestbed } = await import('./prepare-testbed.js');
      return await prepareTestbed(invocation, watcher);
    }
    const { recordCounts } = await import('./record-counts.js');
    return await recordCounts(invocation, rest[0], watcher);
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}
