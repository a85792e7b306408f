// The reader's choice in the URL fragment, so that a link shows what its sender saw.

const FOCUS = ['ringSizeBytes', 'messageSizeBytes'];

/** @returns {{choice: object, theme: string, cell: string, changed: boolean}} the defaults where the fragment says nothing sensible */
export function readFragment(hash, defaults) {
  const given = new URLSearchParams(
    hash.startsWith('#') && hash.includes('=') ? hash.slice(1) : '',
  );
  const selection = { ...defaults.selection };
  for (const key of Object.keys(selection)) {
    if (given.has(key)) selection[key] = given.get(key);
  }
  const focus = {};
  for (const key of FOCUS) {
    const size = Number(given.get(key));
    if (Number.isFinite(size) && size > 0) focus[key] = size;
  }
  const view = {
    scale: given.get('scale') === 'linear' ? 'linear' : 'log',
    relativeTo: given.get('relativeTo') ?? '',
  };
  const theme = ['light', 'dark'].includes(given.get('theme')) ? given.get('theme') : '';
  const changed = [...given.keys()].some((key) => key !== 'theme' && key !== 'cell');
  return { choice: { selection, focus, view }, theme, cell: given.get('cell') ?? '', changed };
}

/** Only what differs from the defaults is written. */
export function writeFragment({ choice, theme, cell }, defaults) {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(choice.selection)) {
    if (value !== defaults.selection[key]) parts.set(key, value);
  }
  for (const [key, value] of Object.entries(choice.focus)) parts.set(key, String(value));
  if (choice.view.scale !== 'log') parts.set('scale', choice.view.scale);
  if (choice.view.relativeTo !== '') parts.set('relativeTo', choice.view.relativeTo);
  if (theme !== '') parts.set('theme', theme);
  if (cell !== '') parts.set('cell', cell);
  const text = parts.toString();
  history.replaceState(null, '', text === '' ? '#' : `#${text}`);
}
