import { availableParallelism } from 'node:os';
import { unknownName } from '../../base/did-you-mean.js';
import { formatBytes } from '../../base/units.js';
import { type PreparedXen, prepareXen } from '../../testbed/xen/prepare.js';
import type { Invocation } from '../command.js';
import { XEN_ACTIONS } from '../commands/xen.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Interruption } from '../run/interruption.js';
import { textTable } from '../text-table.js';
import { xenFolders } from './folders.js';
import { xenSettings, xenTestbedOptions } from './xen-options.js';

/** Carries out `interdom xen prepare`. */
export async function prepareTestbed({
  options,
  positionals,
  terminal,
}: Invocation): Promise<ExitCode> {
  const [action = ''] = positionals;
  if (action !== 'prepare') throw unknownName('an action', action, XEN_ACTIONS, 'interdom xen');
  const format = options.word('format', ['table', 'json']) ?? 'table';
  const interruption = new Interruption(() => terminal.complain('interdom: interrupted'));
  const beganMs = performance.now();
  try {
    const folders = xenFolders(options.text('xen-cache'), terminal.environment);
    const prepared = await prepareXen({
      ...folders,
      ...xenTestbedOptions(xenSettings(options)),
      anew: options.flag('force'),
      machines: availableParallelism(),
      signal: interruption.signal,
      onProgress: (text) => {
        const seconds = ((performance.now() - beganMs) / 1000).toFixed(1).padStart(5);
        terminal.note(`interdom: ${seconds} s  ${text}`);
      },
    });
    await terminal.print(
      format === 'json' ? `${JSON.stringify(prepared, null, 2)}\n` : tableOf(prepared, terminal),
    );
    return EXIT.ok;
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}

function tableOf(prepared: PreparedXen, { width }: Invocation['terminal']): string {
  const rows = prepared.files.map(({ what, name, bytes, sha256 }) => [
    what,
    name,
    formatBytes(bytes),
    sha256 ?? '(what it is made from has a hash: the folder is called by it)',
  ]);
  return [
    textTable(['what', 'file', 'size', 'SHA-256'], rows, width),
    `\nImage ${prepared.image}, of ${Object.values(prepared.contents).join(', ')} and ${prepared.emulator}.\n`,
    `V4V: ${prepared.hasArgo ? 'this hypervisor has Argo' : 'this hypervisor has no Argo, so cells of v4v are skipped; see --hypervisor'}.\n`,
    `All of it is in ${prepared.directory}\n`,
  ].join('');
}
