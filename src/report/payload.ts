import { deflateRawSync } from 'node:zlib';
import { canonicalJson } from '../base/canonical-json.js';
import { cellId } from '../results/cell-id.js';
import {
  type CodedColumn,
  metricForm,
  type NumberColumn,
  type Payload,
} from './view/payload-format.js';
import type { ReportCell, ReportData } from './view/report-data.js';

/** Characters of base64 that the data may take, so that the whole page stays below 5 MB. */
const BUDGET = 3_300_000;

/** Sizes to which the data is cut, one after the other, until it fits. */
const CUTS: readonly Cut[] = [
  { digits: 7, cpuDigits: 6, perCpu: true, counters: true },
  { digits: 6, cpuDigits: 4, perCpu: true, counters: true },
  { digits: 5, cpuDigits: 4, perCpu: false, counters: true },
  { digits: 4, cpuDigits: 3, perCpu: false, counters: false },
];

interface Cut {
  /** Significant digits of metrics and counters, and of CPU times. */
  readonly digits: number;
  readonly cpuDigits: number;
  readonly perCpu: boolean;
  readonly counters: boolean;
}

/** The data of a page: deflated columns in base64, and what had to be left out. */
export interface PackedData {
  readonly base64: string;
  readonly cells: number;
  readonly omitted: readonly string[];
}

/** Of so many cells, evenly taken, it is learned how small all of them become: packing a hundred thousand takes seconds. */
const SAMPLE = 2000;
/** An estimate that is larger than the budget by this factor is believed. */
const DOUBT = 1.3;
/** Part of what should fit by the estimate that is tried, and by which it shrinks where that was too much. */
const CAUTION = 0.9;

/**
 * Packs cells for the page. What does not fit is left out in this order: digits, CPU time by physical CPU, counters, and
 * at last the least important cells.
 *
 * @param important all cells, most important first
 */
export function packData(data: ReportData, important: readonly ReportCell[]): PackedData {
  const all = data.cells.length;
  for (const cut of CUTS) {
    if (all > SAMPLE && estimatedSize(data, cut) > DOUBT * BUDGET) continue;
    const packed = pack(data, cut);
    if (packed.base64.length <= BUDGET) return packed;
  }
  const last = CUTS.at(-1) as Cut;
  let share = Math.min(1, BUDGET / estimatedSize(data, last));
  for (;;) {
    share *= CAUTION;
    const count = Math.max(1, Math.floor(all * share));
    const packed = pack({ runs: data.runs, cells: important.slice(0, count) }, last, all);
    if (packed.base64.length <= BUDGET || count === 1) return packed;
  }
}

/** Characters that the cells would take, by what some of them take. */
function estimatedSize({ runs, cells }: ReportData, cut: Cut): number {
  const stride = Math.max(1, Math.ceil(cells.length / SAMPLE));
  const some = cells.filter((_, i) => i % stride === 0);
  const fixed = pack({ runs, cells: [] }, cut).base64.length;
  const rest = pack({ runs, cells: some }, cut).base64.length - fixed;
  return fixed + (rest * cells.length) / some.length;
}

function pack(data: ReportData, cut: Cut, all = data.cells.length): PackedData {
  const omitted = omissions(cut, data.cells.length, all);
  const json = canonicalJson(encodePayload(data, cut, omitted));
  return {
    base64: deflateRawSync(Buffer.from(json, 'utf8'), { level: 9 }).toString('base64'),
    cells: data.cells.length,
    omitted,
  };
}

function omissions(cut: Cut, kept: number, all: number): readonly string[] {
  const omitted = [`figures are rounded to ${cut.digits} digits`];
  if (!cut.perCpu) omitted.push('CPU time is summed over the physical CPUs');
  if (!cut.counters) omitted.push('counters are left out, but for hypervisor entries and TLB');
  if (kept < all) omitted.push(`only ${kept} of ${all} cells are in this page`);
  return omitted;
}

/** Exported for tests: what `decodePayload` reads. */
export function encodePayload(
  data: ReportData,
  cut: Cut = CUTS[0] as Cut,
  omitted: readonly string[] = [],
): Payload {
  const { cells } = data;
  const coded: Record<string, CodedColumn> = Object.create(null);
  const code = (name: string, read: (cell: ReportCell) => unknown): void => {
    coded[name] = codedColumn(cells.map(read));
  };
  for (const name of ['run', 'testbed', 'profile', 'transport', 'scenario'] as const) {
    code(name, (cell) => cell[name]);
  }
  for (const name of ['scenarioVersion', 'verdict', 'reason', 'outcome'] as const) {
    code(name, (cell) => cell[name]);
  }
  code('parameters', (cell) => cell.parameters);
  code('effective', (cell) => cell.effective);
  code('id', (cell) => (cellId(cell) === cell.id ? undefined : cell.id));
  for (const name of namesIn(cells, (cell) => cell.metrics)) {
    code(`metric:${name}`, (cell) => {
      const metric = cell.metrics[name];
      return metric && metricForm(metric);
    });
  }
  const distributions: Record<string, NonNullable<ReportCell['distributions']>> = Object.create(
    null,
  );
  cells.forEach((cell, i) => {
    if (cell.distributions !== undefined) distributions[i] = cell.distributions;
  });
  return {
    runs: data.runs,
    count: cells.length,
    coded,
    numbers: numberColumns(cells, cut),
    distributions,
    omitted,
  };
}

function codedColumn(items: readonly unknown[]): CodedColumn {
  const codes = new Map<string, number>();
  const values: unknown[] = [];
  const index = items.map((item) => {
    if (item === undefined) return -1;
    const text = canonicalJson(item);
    const known = codes.get(text);
    if (known !== undefined) return known;
    codes.set(text, values.length);
    return values.push(item) - 1;
  });
  return { values, index };
}

const KEPT_COUNTERS: readonly string[] = ['entries', 'tlb'];

function numberColumns(cells: readonly ReportCell[], cut: Cut): readonly NumberColumn[] {
  const columns: NumberColumn[] = [];
  const add = (
    family: NumberColumn['family'],
    path: readonly string[],
    digits: number,
    read: (cell: ReportCell) => number | undefined,
  ): void => {
    const values = cells.map((cell) => rounded(read(cell), digits));
    if (values.some((value) => value !== null)) columns.push({ family, path, values });
  };
  for (const name of namesIn(cells, (cell) => cell.metrics)) {
    const metric = (cell: ReportCell) =>
      Object.hasOwn(cell.metrics, name) ? cell.metrics[name] : undefined;
    add('metric', [name], cut.digits, (cell) => metric(cell)?.value);
    add('low', [name], cut.digits, (cell) => metric(cell)?.interval?.[0]);
    add('high', [name], cut.digits, (cell) => metric(cell)?.interval?.[1]);
  }
  for (const group of namesIn(cells, (cell) => cell.counters ?? {})) {
    if (!cut.counters && !KEPT_COUNTERS.includes(group)) continue;
    for (const name of namesIn(cells, (cell) => cell.counters?.[group] ?? {})) {
      // Counts are whole and few digits mean little there: they keep seven.
      add('counter', [group, name], 7, (cell) => cell.counters?.[group]?.[name]);
    }
  }
  addCpuTime(cells, cut, add);
  return columns;
}

function addCpuTime(
  cells: readonly ReportCell[],
  cut: Cut,
  add: (
    family: 'cpu',
    path: readonly string[],
    digits: number,
    read: (cell: ReportCell) => number | undefined,
  ) => void,
): void {
  const causesOf = (cell: ReportCell) =>
    Object.assign({}, ...Object.values(cell.attributionNs ?? {}));
  if (!cut.perCpu) {
    for (const cause of namesIn(cells, causesOf)) {
      add('cpu', ['all pCPUs', cause], cut.cpuDigits, (cell) =>
        cell.attributionNs === undefined
          ? undefined
          : Object.values(cell.attributionNs).reduce(
              (sum, causes) => sum + (causes[cause] ?? 0),
              0,
            ),
      );
    }
    return;
  }
  for (const pcpu of namesIn(cells, (cell) => cell.attributionNs ?? {})) {
    for (const cause of namesIn(cells, (cell) => cell.attributionNs?.[pcpu] ?? {})) {
      add('cpu', [pcpu, cause], cut.cpuDigits, (cell) => cell.attributionNs?.[pcpu]?.[cause]);
    }
  }
}

function namesIn(
  cells: readonly ReportCell[],
  read: (cell: ReportCell) => Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set<string>();
  for (const cell of cells) for (const name of Object.keys(read(cell))) names.add(name);
  return [...names].sort();
}

function rounded(value: number | undefined, digits: number): number | null {
  if (value === undefined) return null;
  return Number.isInteger(value) && Math.abs(value) < 1e7
    ? value
    : Number(value.toPrecision(digits));
}
