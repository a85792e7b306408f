import { PRICE_LIST, type PriceName } from '../../../profiles/price-list.js';
import { type Price, type Profile, picoseconds } from '../../../profiles/profile.js';
import type { Calibration } from './calibrate-host.js';
import type { Figure } from './figure.js';

/** A calibration as a profile of one's own: the form that `--profile` reads. */
export interface HostProfile {
  readonly name: string;
  readonly description: string;
  readonly like: string;
  readonly clockHz: number;
  readonly features: Readonly<Record<string, number>>;
  readonly prices: Readonly<Record<string, Price>>;
  /** For people: nothing reads it. */
  readonly measurements: {
    readonly figures: readonly Figure[];
    /** Prices of the base profile that this host could not tell, and why. */
    readonly missing: Readonly<Record<string, string>>;
    readonly warnings: readonly string[];
    readonly copyGigabytesPerSecond: Readonly<Record<string, number>>;
    readonly wakeUpsNs: readonly number[];
  };
}

/**
 * The mechanisms of the model that make up a figure which was measured whole. The price in front gets what is left when
 * the others, as the base profile has them, are subtracted: else they would be paid twice.
 */
const COMPOSITES: Readonly<Record<string, readonly [PriceName, ...PriceName[]]>> = {
  wakeUp: ['vcpuWake', 'vcpuUnblock', 'ipi', 'inject', 'upcall', 'taskSwitch'],
  vmexit: ['vmexit', 'exitHandler'],
};

/** Fine enough for messages that lie across pages, and eight times as coarse as a line: the model has less to follow. */
const GRAIN_BYTES = 512;

/** What was measured, over what a named profile says of the rest. */
export function hostProfile(
  name: string,
  calibration: Calibration,
  base: Profile,
  clockHz: number,
): HostProfile {
  const prices: Record<string, Price> = {};
  for (const figure of calibration.figures) {
    const composite = COMPOSITES[figure.name];
    if (composite !== undefined) {
      const [price, ...others] = composite;
      prices[price] = rest(figure, others, base);
    } else if (figure.name in PRICE_LIST) {
      prices[figure.name] = plain(figure);
    }
  }
  Object.assign(prices, claimed(calibration.figures, base));
  const { l1Bytes, l2Bytes, l3Bytes } = calibration.caches;
  return {
    name,
    description: `measured on ${name}: ${Object.keys(prices).join(', ')}; the rest as ${base.name}`,
    like: base.name,
    clockHz,
    features: {
      l1Bytes,
      l2Bytes,
      l3Bytes,
      cacheGrainBytes: GRAIN_BYTES,
    },
    prices,
    measurements: {
      figures: calibration.figures,
      missing: Object.fromEntries(calibration.missing.map((one) => [one.name, one.reason])),
      warnings: calibration.warnings,
      copyGigabytesPerSecond: calibration.copyTable,
      wakeUpsNs: calibration.wakeUpsNs,
    },
  };
}

/** What claiming lines back takes, beyond what the same copy takes alone. Nothing where it was not measured. */
function claimed(figures: readonly Figure[], base: Profile): Partial<Record<PriceName, Price>> {
  const named = (name: string): Figure | undefined => figures.find((one) => one.name === name);
  const [l1, l2, whole] = [named('copyL1'), named('copyL2'), named('claimedWrite')];
  if (whole === undefined) return {};
  const level = (figure: Figure | undefined, name: PriceName): number =>
    figure?.value ?? picoseconds(base.prices[name].value, base.prices[name].unit, base.clockHz);
  // Either end of a copy pays half the price of its level: the bytes come from L1, and the ring is larger.
  const alone = (level(l1, 'copyL1') + level(l2, 'copyL2')) / 2;
  const beyond = (psPerByte: number): number => rounded(Math.max(0, psPerByte - alone));
  return {
    copyClaimed: {
      value: beyond(whole.value),
      low: beyond(Math.min(whole.low, whole.value)),
      high: beyond(Math.max(whole.high, whole.value)),
      unit: 'ps/B',
      source:
        `measured here: ${whole.meaning}: ${rounded(whole.value)} ps/B, less ${rounded(alone)} ps/B for the copy alone; ` +
        `${whole.repeats.length} repeats, confidence ${whole.confidence}`,
      confidence: 'derived',
    },
  };
}

function plain(figure: Figure): Price {
  return {
    value: rounded(figure.value),
    low: rounded(Math.min(figure.low, figure.value)),
    high: rounded(Math.max(figure.high, figure.value)),
    unit: figure.unit,
    source: `measured here: ${figure.meaning}; ${figure.repeats.length} repeats, confidence ${figure.confidence}`,
    confidence: 'measured',
  };
}

function rest(figure: Figure, others: readonly PriceName[], base: Profile): Price {
  const paid = others.reduce((sum, other) => {
    const price = base.prices[other];
    return sum + picoseconds(price.value, price.unit, base.clockHz) / 1000;
  }, 0);
  const left = (ns: number): number => rounded(Math.max(0, ns - paid));
  return {
    value: left(figure.value),
    low: left(figure.low),
    high: left(figure.high),
    unit: 'ns',
    source:
      `measured here: ${figure.meaning}: ${rounded(figure.value)} ns, less ${rounded(paid)} ns for ` +
      `${others.join(', ')} of ${base.name}; ${figure.repeats.length} repeats, confidence ${figure.confidence}`,
    confidence: 'derived',
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
