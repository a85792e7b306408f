import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { writeResultsFile } from '../../results/store.js';
import type { BatchWatcher } from '../../testbed/contract.js';
import { guestTypeName, type XenCellRequest } from '../../testbed/xen/cells/request.js';
import { REFERENCE_SETS, recordReference, referenceCells } from '../../testbed/xen/reference.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { packageVersion } from '../program-version.js';
import { hostFacts, programCommit } from '../run/host-facts.js';
import { exitCodeOf } from '../run/soundness.js';
import { xenFolders } from './folders.js';
import { xenSettings, xenTestbedOptions } from './xen-options.js';

/** Carries out `interdom xen record SET`. */
export async function recordCounts(
  { options, terminal, words }: Invocation,
  name: string | undefined,
  watcher: BatchWatcher,
): Promise<ExitCode> {
  const set = REFERENCE_SETS.find((one) => one === name);
  if (name === undefined) {
    throw new UserError('interdom xen record needs to be told the set', {
      where: 'interdom xen record',
      remedy: `say which: ${REFERENCE_SETS.join(', ')}`,
    });
  }
  if (set === undefined) {
    throw unknownName('a set', name, REFERENCE_SETS, 'interdom xen record');
  }
  const only = options.text('only');
  const output = options.text('output');
  if (only !== undefined && output === undefined) {
    throw new UserError('a part of the reference would take the place of all of it', {
      where: '--only',
      remedy: 'name another file by --output',
    });
  }
  const requests = chosen(referenceCells(set), only);
  let done = 0;
  const results = await recordReference(
    set,
    requests,
    {
      startedAtMs: Date.now(),
      now: Date.now,
      command: ['interdom', ...words],
      version: packageVersion(),
      commit: programCommit(),
      host: hostFacts(),
    },
    {
      ...xenFolders(options.text('xen-cache'), terminal.environment),
      ...xenTestbedOptions(xenSettings(options)),
      machines: availableParallelism(),
      ...watcher,
      onCell: ({ id, verdict }) => {
        done++;
        watcher.onProgress(`${done}/${requests.length} ${verdict}: ${id}`);
      },
    },
  );
  const code = exitCodeOf(results, terminal);
  if (code !== EXIT.ok && output === undefined) {
    terminal.complain('interdom: not written: the reference that is there stays');
    return code;
  }
  const path = output ?? join('results', 'reference', `${set}.json`);
  writeResultsFile(path, results);
  terminal.note(`results: ${path}`);
  return code;
}

/** The cells whose name has all the words. Throws UserError where there is none. */
function chosen(
  requests: readonly XenCellRequest[],
  only: string | undefined,
): readonly XenCellRequest[] {
  if (only === undefined) return requests;
  const wanted = only.split(/[\s,]+/).filter((word) => word !== '');
  const found = requests.filter((request) => {
    const names = namesOf(request);
    return wanted.every((word) => names.includes(word));
  });
  if (found.length > 0) return found;
  throw new UserError(`no cell of the set has all of ${wanted.join(', ')}`, {
    where: '--only',
    remedy: `words are: ${[...new Set(requests.flatMap(namesOf))].join(', ')}`,
  });
}

function namesOf({ transport, scenario, parameters }: XenCellRequest): readonly string[] {
  const { guestTypes, grantMode, placement } = parameters;
  return [transport, scenario, guestTypeName(guestTypes), grantMode, placement];
}
