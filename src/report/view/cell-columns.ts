import type { ParameterValue } from '../../results/types.js';
import { dimensionLabel, metricLabel, own, workloadTitle } from './labels.js';
import { formatParameter, formatQuantity } from './quantity.js';
import { effectiveRingBytes, metricOf, type ReportCell, type ReportData } from './report-data.js';
import { distinct } from './selection.js';

/** A column of the table of all cells. */
export interface CellColumn {
  readonly key: string;
  readonly label: string;
  readonly numeric: boolean;
  /** What the column sorts by; undefined comes last. */
  readonly value: (cell: ReportCell) => ParameterValue | undefined;
  readonly text: (cell: ReportCell) => string;
  /** Shown without being asked for. */
  readonly usual: boolean;
}

const USUAL_METRICS: readonly string[] = [
  'bytesPerSecond',
  'messagesPerSecond',
  'latencyNsP50',
  'latencyNsP99',
  'entriesPerMessage',
  'tlbFlushesPerMessage',
  'cpuNsPerByte',
];

/** All columns that these cells can fill. */
export function cellColumns(data: ReportData): readonly CellColumn[] {
  const parameters = new Set<string>();
  const metrics = new Set<string>();
  for (const cell of data.cells) {
    for (const name of Object.keys(cell.parameters)) parameters.add(name);
    for (const name of Object.keys(cell.metrics)) metrics.add(name);
  }
  const plain = (
    key: 'scenario' | 'transport' | 'profile' | 'testbed' | 'verdict',
  ): CellColumn => ({
    key,
    label: dimensionLabel(key),
    numeric: false,
    value: (cell) => cell[key],
    text: (cell) => (key === 'scenario' ? workloadTitle(cell.scenario) : cell[key]),
    usual: key === 'scenario' || key === 'transport' || key === 'verdict' || varies(data, key),
  });
  const several = data.runs.length > 1;
  return [
    plain('scenario'),
    plain('transport'),
    ...(several ? [runColumn(data)] : []),
    plain('profile'),
    plain('testbed'),
    ringColumn,
    ...parameterColumns(data, [...parameters]),
    plain('verdict'),
    reasonColumn,
    ...[...metrics].sort(metricOrder).map(metricColumn),
  ];
}

/** A column that says the same everywhere is not worth its place. */
function varies(data: ReportData, key: string): boolean {
  return distinct(data.cells, key).length > 1;
}

function runColumn(data: ReportData): CellColumn {
  const name = (cell: ReportCell): string => data.runs[cell.run]?.id ?? String(cell.run);
  return { key: 'run', label: 'Run', numeric: false, value: name, text: name, usual: true };
}

const ringColumn: CellColumn = {
  key: 'effective.ringSizeBytes',
  label: 'Effective ring',
  numeric: true,
  value: effectiveRingBytes,
  text: (cell) => formatParameter('ringSizeBytes', effectiveRingBytes(cell)),
  usual: true,
};

const reasonColumn: CellColumn = {
  key: 'reason',
  label: 'Reason',
  numeric: false,
  value: (cell) => cell.reason,
  text: (cell) => cell.reason ?? '',
  usual: false,
};

function parameterColumns(data: ReportData, names: readonly string[]): readonly CellColumn[] {
  const usual = ['messageSizeBytes', 'guestType', 'grantMode'];
  const place = (name: string): number =>
    (usual.indexOf(name) + usual.length + 1) % (usual.length + 1);
  const sorted = [...names].sort((a, b) => {
    const known = Number(!usual.includes(a)) - Number(!usual.includes(b));
    return known || place(a) - place(b) || (a < b ? -1 : 1);
  });
  return sorted.map((name) => ({
    key: `parameters.${name}`,
    label: name === 'ringSizeBytes' ? 'Ring asked for' : dimensionLabel(name),
    numeric: name.endsWith('Bytes') || name === 'messages' || name === 'seed',
    value: (cell) => own(cell.parameters, name),
    text: (cell) => formatParameter(name, own(cell.parameters, name)),
    usual: usual.includes(name) && varies(data, name),
  }));
}

function metricOrder(a: string, b: string): number {
  const place = (name: string): number => {
    const index = USUAL_METRICS.indexOf(name);
    return index < 0 ? USUAL_METRICS.length : index;
  };
  return place(a) - place(b) || (a < b ? -1 : 1);
}

function metricColumn(name: string): CellColumn {
  return {
    key: `metrics.${name}`,
    label: metricLabel(name),
    numeric: true,
    value: (cell) => metricOf(cell, name),
    text: (cell) => {
      const metric = own(cell.metrics, name);
      return metric === undefined ? '-' : formatQuantity(metric.value, metric.unit);
    },
    usual: USUAL_METRICS.includes(name),
  };
}
