import { availableParallelism } from 'node:os';
import { MIB } from '../../base/units.js';
import type { BatchWatcher } from '../../testbed/contract.js';
import { type PreparedXen, prepareXen } from '../../testbed/xen/prepare.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { textTable } from '../text-table.js';
import { xenFolders } from './folders.js';
import { xenSettings, xenTestbedOptions } from './xen-options.js';

/** Carries out `interdom xen prepare`. */
export async function prepareTestbed(
  { options, terminal }: Invocation,
  watcher: BatchWatcher,
): Promise<ExitCode> {
  const format = options.word('format', ['table', 'json']) ?? 'table';
  const prepared = await prepareXen({
    ...xenFolders(options.text('xen-cache'), terminal.environment),
    ...xenTestbedOptions(xenSettings(options)),
    anew: options.flag('force'),
    machines: availableParallelism(),
    ...watcher,
  });
  await terminal.print(
    format === 'json' ? `${JSON.stringify(prepared, null, 2)}\n` : tableOf(prepared, terminal),
  );
  return EXIT.ok;
}

function tableOf(prepared: PreparedXen, { width }: Invocation['terminal']): string {
  const rows = prepared.files.map(({ what, name, bytes, sha256 }) => [
    what,
    name,
    `${(bytes / MIB).toFixed(1)} MiB`,
    sha256 ?? 'as its folder is called: of what it was made from',
  ]);
  return [
    textTable(['what', 'file', 'size', 'SHA-256'], rows, width),
    `\nImage ${prepared.image}, of ${Object.values(prepared.contents).join(', ')} and ${prepared.emulator}.\n`,
    `V4V: ${prepared.hasArgo ? 'this hypervisor has Argo' : 'this hypervisor has no Argo, so cells of v4v are skipped; see --hypervisor'}.\n`,
    `All of it is in ${prepared.directory}\n`,
  ].join('');
}
