import type { ResultsFile } from '../../src/results/types.js';
import { plausibleResults } from './plausible-results.js';

/** What must never come to life in a page, a Markdown file, a terminal or a shell. */
export const HOSTILE =
  '"><img src=x onerror="window.HOSTILE=1"></script><script>window.HOSTILE=1</script>' +
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to look like a placeholder
  "<!--<script>' & $& ${1} {{1}} `id` $(id) [x](javascript:1) |a| @all =1+1 \u001b[2J\u202e\u2028\u0000";

/** Strings that decide what is drawn at all; they keep their values in most cells so that everything is drawn. */
const STRUCTURE: ReadonlySet<string> = new Set([
  'verdict',
  'better',
  'assume',
  'unit',
  'determinedBy',
]);

/**
 * A TEST FIXTURE: results in which every name and every text is hostile. Scenario and transport stay what they are in
 * `recognisable` files, so that the code for known ones meets hostile texts, too.
 */
export function hostileResults(recognisable: boolean): ResultsFile {
  const file = plausibleResults({
    profiles: ['skylake-2017', 'zen4-2023'],
    ringSizes: [4096, 65_536],
    messageSizes: [64, 4096],
  });
  const kept = new Set(recognisable ? ['scenario', 'transport', ...STRUCTURE] : STRUCTURE);
  return poisoned(file, '', kept, recognisable) as ResultsFile;
}

function poisoned(
  value: unknown,
  key: string,
  kept: ReadonlySet<string>,
  keepNames: boolean,
): unknown {
  if (typeof value === 'string') return kept.has(key) ? value : value + HOSTILE;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key, kept, keepNames));
  if (typeof value !== 'object' || value === null) return value;
  const free = [
    'parameters',
    'effective',
    'outcome',
    'metrics',
    'attributionNs',
    'profiles',
    'prices',
  ];
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const renamed =
        !keepNames && (free.includes(key) || free.includes(`${key}s`)) ? name + HOSTILE : name;
      return [renamed, poisoned(item, name, kept, keepNames)];
    }),
  );
}
