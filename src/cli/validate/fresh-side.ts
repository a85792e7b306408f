import { availableParallelism } from 'node:os';
import { UserError } from '../../base/errors.js';
import type { Cell } from '../../results/types.js';
import type { XenCellRequest } from '../../testbed/xen/cells/request.js';
import { runXenCells } from '../../testbed/xen/xen-testbed.js';
import type { Invocation } from '../command.js';
import { xenFolders } from '../xen/folders.js';
import { xenSettings, xenTestbedOptions } from '../xen/xen-options.js';

/** What measuring real Xen now came to. */
export type Fresh =
  | { readonly cells: readonly Cell[] }
  /** Nothing could be measured here. */
  | { readonly skipped: string; readonly remedy: string };

/** Phases of the timer at which a quick measurement is made; the recorded ones are made at three. */
const QUICK_PHASES = 1;

/**
 * Measures points on real Xen. A machine that lacks what that needs is told so, and is no error: recorded counts still
 * stand.
 *
 * @param quick at one phase of the timer instead of three
 */
export async function measureFresh(
  { options, terminal }: Invocation,
  requests: readonly XenCellRequest[],
  quick: boolean,
  signal: AbortSignal,
): Promise<Fresh> {
  const settings = xenSettings(options);
  let done = 0;
  try {
    const { cells } = await runXenCells(requests, {
      ...xenFolders(options.text('xen-cache'), terminal.environment),
      ...xenTestbedOptions(settings),
      machines: availableParallelism(),
      ...(quick ? { phases: QUICK_PHASES } : {}),
      signal,
      onProgress: (text) => terminal.note(`interdom: real Xen: ${text}`),
      onCell: ({ transport, scenario, verdict }) => {
        done++;
        terminal.note(
          `interdom: real Xen: ${done}/${requests.length} cells: ${transport} ${scenario} ${verdict}`,
        );
      },
    });
    return { cells };
  } catch (error) {
    // A file that the user named and that is no hypervisor is his mistake; missing packages are this machine's.
    if (!(error instanceof UserError) || settings['hypervisor'] !== undefined) throw error;
    return { skipped: error.message, remedy: error.remedy ?? '' };
  }
}
