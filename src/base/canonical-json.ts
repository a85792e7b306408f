/**
 * JSON with object keys in code-unit order, so that equal values give equal bytes.
 * Refuses what JSON cannot say (NaN, infinities, functions): silence there would lose data.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(ordered(value, '$'), null, indent);
}

function ordered(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot say`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, i) => ordered(item, `${path}[${i}]`));
  if (typeof value === 'object') {
    const result: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(value).sort()) {
      const member = (value as Record<string, unknown>)[key];
      if (member !== undefined) result[key] = ordered(member, `${path}.${key}`);
    }
    return result;
  }
  throw new TypeError(`${path} is a ${typeof value}, which JSON cannot say`);
}
