import { readFileSync } from 'node:fs';
import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import type { Profile } from '../../profiles/profile.js';
import { parseProfile } from '../../profiles/user-profile.js';
import { fileFault } from '../../results/file-fault.js';
import type { Given } from '../options/option-values.js';

/**
 * The profiles that the user names: built-in ones by name, others as JSON files. Throws UserError
 * for what is neither, and for two different profiles of one name.
 */
export function resolveProfiles(
  given: Given | undefined,
  builtIn: readonly Profile[],
  defaultName: string,
): readonly Profile[] {
  const where = given?.where ?? '--profile';
  const chosen = new Map<string, Profile>();
  for (const text of given?.texts ?? [defaultName]) {
    const profile = isFileName(text) ? readProfile(text) : named(text, builtIn, where);
    const same = chosen.get(profile.name) ?? builtIn.find(({ name }) => name === profile.name);
    if (same !== undefined && same !== profile && isFileName(text)) {
      throw new UserError(`${text} is named "${profile.name}", as is another profile`, {
        where,
        remedy: 'give it a name of its own: cells are told apart by it',
      });
    }
    chosen.set(profile.name, profile);
  }
  return [...chosen.values()];
}

/** Names have neither. */
function isFileName(text: string): boolean {
  return text.endsWith('.json') || text.includes('/') || text.includes('\\');
}

function named(name: string, builtIn: readonly Profile[], where: string): Profile {
  const found = builtIn.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const known = builtIn.map((profile) => profile.name);
  const error = unknownName('a profile', name, known, where);
  throw new UserError(error.message, {
    where,
    remedy: `${error.remedy ?? ''}; a file of your own ends in .json`,
  });
}

function readProfile(path: string): Profile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileFault('read', path, error);
  }
  return parseProfile(text, path);
}
