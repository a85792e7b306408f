import { ICELAKE_2021 } from './data/icelake-2021.js';
import { NEHALEM_2009 } from './data/nehalem-2009.js';
import { NTUA_2013 } from './data/ntua-2013.js';
import { QEMU_SVM } from './data/qemu-svm.js';
import { SANDYBRIDGE_2012 } from './data/sandybridge-2012.js';
import { SKYLAKE_2017 } from './data/skylake-2017.js';
import { SKYLAKE_2017_MITIGATED } from './data/skylake-2017-mitigated.js';
import { ZEN4_2023 } from './data/zen4-2023.js';
import type { Profile } from './profile.js';

/**
 * The profiles that come with the program, by age; then the two that stand for one machine each.
 */
export const PROFILES: readonly Profile[] = [
  NEHALEM_2009,
  SANDYBRIDGE_2012,
  SKYLAKE_2017,
  SKYLAKE_2017_MITIGATED,
  ICELAKE_2021,
  ZEN4_2023,
  NTUA_2013,
  QEMU_SVM,
];

export const DEFAULT_PROFILE_NAME = SKYLAKE_2017.name;

/** The built-in profile of a name, or undefined. */
export function findProfile(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
