import { UserError } from '../base/errors.js';
import type { ParameterValue } from '../results/types.js';
import { simplify } from './metric-reader.js';
import { own } from './view/labels.js';
import { formatParameter } from './view/quantity.js';
import {
  dimensionValue,
  effectiveRingBytes,
  type ReportCell,
  type ReportData,
} from './view/report-data.js';
import { classOf, type SizeClass, sizeClasses } from './view/size-classes.js';

/**
 * What cells can be laid out by: their fields, their parameters, and `ringSizeBytes`, which is the effective size, so that
 * transports meet at equal buffers. `asked.ringSizeBytes` is the size asked for.
 */
export class Dimensions {
  private readonly rings: ReadonlyMap<string, readonly SizeClass[]>;
  readonly names: readonly string[];

  constructor(private readonly data: ReportData) {
    const names = new Set(['run', 'testbed', 'profile', 'transport', 'scenario']);
    const sizes = new Map<string, { owner: string; size: number }[]>();
    for (const cell of data.cells) {
      for (const name of Object.keys(cell.parameters)) names.add(name);
      const size = effectiveRingBytes(cell);
      if (size === undefined || size <= 0) continue;
      const known = sizes.get(cell.scenario) ?? [];
      known.push({ owner: cell.transport, size });
      sizes.set(cell.scenario, known);
    }
    this.names = [...names];
    this.rings = new Map([...sizes].map(([scenario, owned]) => [scenario, sizeClasses(owned)]));
  }

  /** The value by which a cell is laid out; undefined where it has none. */
  value(cell: ReportCell, name: string): ParameterValue | undefined {
    if (name === 'ringSizeBytes') {
      const size = effectiveRingBytes(cell);
      const rings = this.rings.get(cell.scenario) ?? [];
      return size === undefined ? undefined : classOf(rings, size)?.size;
    }
    if (name === 'asked.ringSizeBytes') return own(cell.parameters, 'ringSizeBytes');
    return dimensionValue(cell, name);
  }

  /** The value as text: sizes with units, runs by their id. */
  text(name: string, value: ParameterValue | undefined): string {
    if (name === 'run') return this.data.runs[Number(value)]?.id ?? String(value);
    return formatParameter(name, value);
  }

  /** The dimension a user means: "ring-size", "ringSize" and "ring" are ringSizeBytes. Throws UserError. */
  resolve(text: string, where: string): string {
    const wanted = simplify(text);
    const all = [...this.names, 'asked.ringSizeBytes'];
    const found =
      all.find((name) => simplify(name) === wanted) ??
      all.find((name) => simplify(name).replace(/bytes$/, '') === wanted) ??
      all.find((name) => simplify(name).replace(/sizebytes$/, '') === wanted);
    if (found !== undefined) return found;
    throw new UserError(`"${text}" is nothing that cells differ by`, {
      where,
      remedy: `there are: ${this.names.join(', ')}`,
    });
  }

  /** True where a cell has this value, written as in a results file ("65536") or with a unit ("64k", "64 KiB"). */
  matches(cell: ReportCell, name: string, wanted: string): boolean {
    const value = this.value(cell, name);
    if (value === undefined) return false;
    const squeezed = wanted.toLowerCase().replace(/\s/g, '');
    const shown = this.text(name, value).toLowerCase().replace(/\s/g, '');
    return (
      String(value).toLowerCase() === squeezed ||
      shown === squeezed ||
      shown === `${squeezed}ib` ||
      shown === squeezed.replace(/b$/, 'ib')
    );
  }
}
