// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal or a canvas
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** Text without what would steer a terminal, stop a canvas or turn the direction of writing. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '\ufffd');
}

/** The same data with every string in it made harmless so. */
export function withoutControlsInside<T>(value: T): T {
  if (typeof value === 'string') return withoutControls(value) as T;
  if (Array.isArray(value)) return value.map(withoutControlsInside) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutControlsInside(item)]),
  ) as T;
}
