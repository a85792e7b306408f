import { UserError } from '../../base/errors.js';
import type { OptionValues } from './option-values.js';

/** An option of `field=value`, as often as one likes. Undefined where it is not given. Throws UserError. */
export function pairsOf(
  options: OptionValues,
  name: string,
  example: string,
): Readonly<Record<string, string>> | undefined {
  const given = options.list(name);
  if (given === undefined) return undefined;
  const pairs = given.texts.map((text): [string, string] => {
    const equals = text.indexOf('=');
    if (equals > 0 && equals < text.length - 1) {
      return [text.slice(0, equals), text.slice(equals + 1)];
    }
    throw new UserError(`"${text}" is not field=value`, {
      where: given.where,
      remedy: `write for example ${example}`,
    });
  });
  return Object.fromEntries(pairs);
}
