import { changeText, differenceText, plain } from './figure-text.js';
import type { ProfileChange } from './finding.js';
import type { GatePrice, GateProfile, Side } from './side.js';

/** Nanoseconds (or nanoseconds a byte) of one unit of a price. */
function nanoseconds({ value, unit }: GatePrice, clockHz: number): number {
  switch (unit) {
    case 'ps':
    case 'ps/B':
      return value / 1000;
    case 'us':
      return value * 1000;
    case 'ms':
      return value * 1e6;
    case 'cycles':
      return (value * 1e9) / clockHz;
    default:
      return value;
  }
}

/** Prices and features that differ, in the profiles that both sides have. */
export function profileChanges(before: Side, after: Side): readonly ProfileChange[] {
  const changes: ProfileChange[] = [];
  for (const profile of Object.keys(after.profiles).sort()) {
    const old = before.profiles[profile];
    const young = after.profiles[profile];
    if (old !== undefined && young !== undefined) changes.push(...changesOf(profile, old, young));
  }
  return changes;
}

function* changesOf(
  profile: string,
  before: GateProfile,
  after: GateProfile,
): Generator<ProfileChange> {
  if (before.clockHz !== after.clockHz) {
    const text = `${plain(before.clockHz / 1e9, 6)} -> ${plain(after.clockHz / 1e9, 6)} GHz`;
    yield { profile, kind: 'clock', name: 'clockHz', text, differenceNs: 0 };
  }
  for (const name of allKeys(before.features, after.features)) {
    const [old, young] = [before.features[name], after.features[name]];
    if (old === young) continue;
    const text = `${old ?? '(none)'} -> ${young ?? '(none)'}`;
    yield { profile, kind: 'feature', name, text, differenceNs: 0 };
  }
  for (const name of allKeys(before.prices, after.prices)) {
    const [old, young] = [before.prices[name], after.prices[name]];
    const change = priceChange(old, young, before.clockHz, after.clockHz);
    if (change === undefined) continue;
    const causes = young?.causes ?? old?.causes;
    yield { profile, kind: 'price', name, ...change, ...(causes === undefined ? {} : { causes }) };
  }
}

/** How a price differs; undefined where it does not. */
function priceChange(
  old: GatePrice | undefined,
  young: GatePrice | undefined,
  clockBefore: number,
  clockAfter: number,
): Pick<ProfileChange, 'text' | 'differenceNs'> | undefined {
  if (old === undefined || young === undefined) {
    return { text: old === undefined ? 'is new' : 'is gone', differenceNs: 0 };
  }
  const differenceNs = nanoseconds(young, clockAfter) - nanoseconds(old, clockBefore);
  if (old.value !== young.value || old.unit !== young.unit || differenceNs !== 0) {
    return { text: priceText(old, young, differenceNs), differenceNs };
  }
  if (old.low === young.low && old.high === young.high) return undefined;
  const text = `range ${old.low}..${old.high} -> ${young.low}..${young.high} ${young.unit}`;
  return { text, differenceNs: 0 };
}

function priceText(old: GatePrice, young: GatePrice, differenceNs: number): string {
  const change =
    old.unit === young.unit
      ? changeText(old.value, young.value, young.unit)
      : `${plain(old.value, 6)} ${old.unit} -> ${plain(young.value, 6)} ${young.unit}`;
  const inNs = old.unit === 'ns' && young.unit === 'ns';
  const perByte = young.unit.endsWith('/B') ? ' a byte' : '';
  return inNs ? change : `${change} (${differenceText(differenceNs, 'ns')}${perByte})`;
}

function allKeys(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}
