import { invariant } from '../../base/errors.js';
import type { CellNames } from '../cell-identity.js';
import type { BatchTestbed } from '../contract.js';
import type { XenCellRequest } from './cells/request.js';
import type { FailureRequest } from './failure/failure-request.js';
import { carryOutFailureCells } from './failure/run-failure-cells.js';
import { describeHost, type HostOptions, runXenCellsOnHost } from './host.js';
import { failureRequestOf, isFailure, requestOf } from './planning.js';
import { xenProfileRecord } from './provenance.js';
import {
  carryOutXenCells,
  equipXen,
  type XenEquipment,
  type XenTestbedOptions,
} from './xen-testbed.js';

/** Real Xen in an emulated machine, as a run takes it: whatever cells it plans, as few boots as they need. */
export function emulatedXen(
  options: Omit<XenTestbedOptions, 'onCell' | 'onProgress' | 'signal'>,
): BatchTestbed {
  let equipment: XenEquipment | undefined;
  return {
    async prepare(watcher) {
      equipment = await equipXen({ ...options, ...watcher });
      const record = xenProfileRecord(equipment.provenance);
      return { [record.name]: record };
    },
    async run(cells, watcher) {
      equipment ??= await equipXen({ ...options, ...watcher });
      const breaking = placesOf(cells, isFailure);
      const counting = placesOf(cells, (cell) => !isFailure(cell));
      await carryOutXenCells(
        counting.map((place) => request(cells[place] as CellNames)),
        equipment,
        {
          ...options,
          ...watcher,
          onCell: (cell, i) => watcher.onCell(cell, counting[i] as number),
        },
      );
      await carryOutFailureCells(
        breaking.map((place) => failureRequest(cells[place] as CellNames)),
        equipment,
        {
          ...options,
          ...watcher,
          onCell: (cell, i) => watcher.onCell(cell, breaking[i] as number),
        },
      );
    },
  };
}

/** Real Xen of the host whose dom0 this runs in. */
export function xenOfHost(
  options: Omit<HostOptions, 'onCell' | 'onProgress' | 'signal'>,
): BatchTestbed {
  return {
    async prepare(watcher) {
      const record = await describeHost({ ...options, ...watcher });
      return { [record.name]: record };
    },
    async run(cells, watcher) {
      await runXenCellsOnHost(cells.map(request), { ...options, ...watcher });
    },
  };
}

/** Places of the cells that are so. */
function placesOf(cells: readonly CellNames[], isSo: (cell: CellNames) => boolean): number[] {
  return cells.flatMap((cell, place) => (isSo(cell) ? [place] : []));
}

function failureRequest(cell: CellNames): FailureRequest {
  const asked = failureRequestOf(cell);
  invariant(typeof asked !== 'string', 'a cell that cannot be was not skipped', { asked });
  return asked;
}

function request(cell: CellNames): XenCellRequest {
  const asked = requestOf(cell);
  invariant(typeof asked !== 'string', 'a cell that cannot be was not skipped', { asked });
  return asked;
}
