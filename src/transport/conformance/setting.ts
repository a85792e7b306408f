import { SKYLAKE_2017 } from '../../profiles/data/skylake-2017.js';
import type { Features } from '../../profiles/feature-list.js';
import { PRICE_LIST, PRICE_NAMES, type PriceTable } from '../../profiles/price-list.js';
import type { GuestType } from '../../xen/domain.js';
import type { GrantMode, TransportDriver } from '../contract.js';
import type { Gate } from '../gate.js';
import type { Installation, InstallationOptions, Placement } from '../installation.js';

/**
 * Carries out trials in which each domain is a thread (testbed live). All threads go through the same check: each does its
 * own domain's part, and tells the others what came of it.
 */
export interface TrialStage {
  /**
   * The hardware of a trial, as it is where CPUs are real.
   *
   * @param domains of the trial, dom0 included
   */
  hardware(
    modelled: InstallationOptions['hardware'],
    domains: number,
  ): InstallationOptions['hardware'];
  /** The installation stands, nothing has run: from now on each domain is carried out by its own thread. */
  goLive(installation: Installation): void;
  gate(): Gate;
  /** Whether this domain's processes are carried out here. */
  isOwn(domain: { readonly domid: number }): boolean;
  /** Carries out this thread's domain until none has anything left to do. */
  carryOut(): void;
  /** What each domain's thread says at this point, by domid; undefined where it is gone. */
  gather<T>(value: T): readonly (T | undefined)[];
}

/** The circumstances in which a check is carried out. */
export interface Setting {
  /** Where the two ends run at the same time: who carries them out. Without it the model does. */
  readonly stage?: TrialStage;
  /** Guest types of server and client. */
  readonly guestTypes: readonly [server: GuestType, client: GuestType];
  readonly placement: Placement;
  readonly nestedPaging: Features['nestedPaging'];
  readonly grantMode: GrantMode;
  readonly seed: number;
}

/** "pv:pvh own npt persistent seed 5": how a setting is named in reasons. */
export function settingName(setting: Setting): string {
  const { guestTypes, placement, nestedPaging, grantMode, seed } = setting;
  return `${guestTypes.join(':')} ${placement} ${nestedPaging} ${grantMode} seed ${seed}`;
}

/** Every two of guest type, placement and paging meet at least once. */
const CIRCUMSTANCES: readonly Omit<Setting, 'grantMode'>[] = [
  { guestTypes: ['pvh', 'pvh'], placement: 'own', nestedPaging: 'npt', seed: 1 },
  { guestTypes: ['pvh', 'pvh'], placement: 'shared', nestedPaging: 'ept', seed: 2 },
  { guestTypes: ['pv', 'pv'], placement: 'own', nestedPaging: 'ept', seed: 3 },
  { guestTypes: ['pv', 'pv'], placement: 'shared', nestedPaging: 'npt', seed: 4 },
  { guestTypes: ['pv', 'pvh'], placement: 'own', nestedPaging: 'npt', seed: 5 },
  { guestTypes: ['pvh', 'pv'], placement: 'shared', nestedPaging: 'ept', seed: 6 },
];

/** Which circumstances a transport's further grant modes are looked at in: both guest types, placements, one paging. */
const FOR_FURTHER_MODES = [0, 3];

/** All circumstances in the transport's first grant mode, and some in each other mode. */
export function settingsFor(driver: TransportDriver): readonly Setting[] {
  return driver.capabilities.grantModes.flatMap((grantMode, index) =>
    CIRCUMSTANCES.filter((_, i) => index === 0 || FOR_FURTHER_MODES.includes(i)).map(
      (circumstance) => ({ ...circumstance, grantMode }),
    ),
  );
}

/**
 * Hardware on which nothing is free and nothing takes long, so that no order of events comes about only because
 * something cost nothing: ticks, time slices and cache sizes are small, too, and each exit there can be is taken.
 */
export function testHardware(
  nestedPaging: Features['nestedPaging'],
): InstallationOptions['hardware'] {
  const features: Features = {
    ...SKYLAKE_2017.features,
    nestedPaging,
    virtualApic: false,
    lazyFpu: true,
    upcallVector: true,
    tlbEntries: 64,
    l1Bytes: 32 * 1024,
    l2Bytes: 64 * 1024,
    l3Bytes: 256 * 1024,
    guestTickHz: 10_000,
    schedulerRatelimitUs: 5,
    schedulerTimesliceUs: 20,
  };
  const prices: Partial<PriceTable> = {};
  PRICE_NAMES.forEach((name, index) => {
    // Picoseconds a byte, or 10 to 49 ns: no two neighbours the same.
    prices[name] =
      PRICE_LIST[name].kind === 'per-byte' ? 20 + index : 10_000 + 1000 * ((index * 7) % 40);
  });
  return { features, prices: prices as PriceTable };
}

const RING_SIZES = [1024, 2048, 4096, 8192, 16_384];

/** Ring sizes to ask for: the smallest and the largest of a short list that the transport can have. */
export function ringSizesFor(driver: TransportDriver): readonly number[] {
  const possible = RING_SIZES.filter((bytes) => 'bytes' in driver.ringSize(bytes));
  return possible.length < 2 ? possible : [possible[0] as number, possible.at(-1) as number];
}
