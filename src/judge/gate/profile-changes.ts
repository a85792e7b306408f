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
    if (old === undefined || young === undefined) {
      const text = old === undefined ? 'is new' : 'is gone';
      yield { profile, kind: 'price', name, text, differenceNs: 0 };
      continue;
    }
    const differenceNs = nanoseconds(young, after.clockHz) - nanoseconds(old, before.clockHz);
    const priceChanged = old.value !== young.value || old.unit !== young.unit;
    if (priceChanged || differenceNs !== 0) {
      yield {
        profile,
        kind: 'price',
        name,
        text: priceText(old, young, differenceNs),
        differenceNs,
      };
    } else if (old.low !== young.low || old.high !== young.high) {
      const text = `range ${old.low}..${old.high} -> ${young.low}..${young.high} ${young.unit}`;
      yield { profile, kind: 'price', name, text, differenceNs: 0 };
    }
  }
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
