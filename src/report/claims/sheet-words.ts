import { formatBytes } from '../../base/units.js';
import { figureText } from '../../judge/claims/figure.js';
import type { ClaimAnswer } from '../../judge/claims/judge-claim.js';
import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import type { PartAnswer } from '../../judge/claims/judge-part.js';
import type { Robustness } from '../../judge/claims/robustness.js';
import { EQUAL_RING_SHARE, SHARES } from '../../judge/claims/thresholds.js';
import { shortCommit } from '../../results/short-commit.js';

/** The words in which an answer sheet is told, whatever it is printed on. */

/** "supported", "supported, in part". */
export function verdictWords({ verdict, inPart }: ClaimAnswer): string {
  return verdict !== 'not tested' && inPart ? `${verdict}, in part` : verdict;
}

/** "all 3 profiles", "supported under skylake-2017; depends under zen4-2023". Empty where nothing was tested. */
export function profileWords({ profiles, verdict }: ClaimAnswer): string {
  const tested = profiles.filter((one) => one.verdict !== 'not tested');
  if (tested.length === 0 || verdict === 'not tested') return '';
  const same = tested.every((one) => one.verdict === verdict);
  const names = tested.map(({ profile }) => profile);
  if (same) return names.length <= 2 ? names.join(', ') : `all ${names.length} profiles`;
  const verdicts = [...new Set(tested.map((one) => one.verdict))];
  return verdicts
    .map((word) => {
      const own = tested.filter((one) => one.verdict === word).map(({ profile }) => profile);
      return `${word} under ${own.join(', ')}`;
    })
    .join('; ');
}

/** "V4V can: supported, 7 of 7; libvchan can (beside): supported, 4 of 4". Empty where real Xen was not looked at. */
export function realXenWords({ onRealXen }: ClaimAnswer): string {
  return onRealXen
    .map(({ label, role, verdict, holding, cases }) => {
      const beside = role === 'context' ? ' (beside)' : '';
      return `${label}${beside}: ${verdict}, ${holding} of ${cases}`;
    })
    .join('; ');
}

/** "the verdict flips in 3 of 50 draws of the prices (6 %, 95 %: 2 to 16 %)". */
export function robustnessWords(robustness: Robustness): string {
  const { draws, flips, probability, interval, verdicts, parts, undrawn, figures } = robustness;
  const [low, high] = interval.map(percent);
  const others = Object.entries(verdicts).map(([word, count]) => `${word} ${count}`);
  const flip = `the verdict flips in ${flips} of ${draws} draws of the prices (${percent(probability)} %; 95 % interval ${low} to ${high} %)`;
  const [least, mean, most] = (figures ?? []).map(figureText);
  const middle =
    least === most ? '' : `; middle figure ${least} / ${mean} / ${most} (least / middle / most)`;
  const single = parts.filter((part) => part.flips > 0 && parts.length > 1);
  const byPart =
    single.length === 0
      ? ''
      : `; by question: ${single.map((part) => `${part.label} ${part.flips}`).join(', ')}`;
  const missing = undrawn.map(({ label, cases, of }) =>
    cases === of ? label : `${label} (${cases} of ${of} cases)`,
  );
  const open = missing.length === 0 ? '' : `; not drawn: ${missing.join(', ')}`;
  return `${flip}${flips > 0 ? `: ${others.join(', ')}` : ''}${byPart}${middle}${open}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(0);
}

/** "0 %", "-": for a column of the table. */
export function flipWords({ robustness }: ClaimAnswer): string {
  return robustness === undefined ? '-' : `${percent(robustness.probability)} %`;
}

/** "throughput of streams: depends; middle 0.42x, from ... to ...; 2 of 10 within 25 %". */
export function partWords(part: PartAnswer): string {
  const beside = part.role === 'context' ? ' (beside)' : '';
  const head = `${part.label}${beside}: ${part.verdict}`;
  if (part.verdict === 'not tested') return `${head} (${part.run ?? part.text})`;
  const by = part.dependsOn.map(({ text }) => text).join('; by ');
  return `${head}; ${part.text}.${by === '' ? '' : ` By ${by}.`}`;
}

/** The deciding parts with their figures, in few words. */
export function whyWords(answer: ClaimAnswer): string {
  const deciding = answer.parts.filter(({ role }) => role !== 'context');
  return deciding
    .map(({ label, verdict, brief, text, run, dependsOn }) => {
      if (verdict === 'not tested')
        return `${label}: not tested${run === undefined ? ` (${text})` : ''}`;
      const by = dependsOn.map(({ text }) => text).join('; by ');
      return `${label}: ${verdict}, ${brief}${by === '' || verdict === 'supported' ? '' : `, by ${by}`}`;
    })
    .join('. ');
}

/** The parts beside, which decide nothing and tell how the others fare; empty where none was tested. */
export function besideWords({ parts }: ClaimAnswer): string {
  return parts
    .filter(({ role, verdict }) => role === 'context' && verdict !== 'not tested')
    .map(({ label, verdict, brief }) => `${label}: ${verdict}, ${brief}`)
    .join('. ');
}

/** What measures the parts that were not tested: scenarios with the same options in one command. */
export function commandsFor(answers: readonly ClaimAnswer[]): readonly string[] {
  const byOptions = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const { role, run } of answers.flatMap(({ parts }) => parts)) {
    if (role === 'context' || run === undefined) continue;
    if (!run.startsWith('interdom run ')) {
      others.add(run);
      continue;
    }
    const [names = '', ...options] = run.replace(/^interdom run /, '').split(' --');
    const key = options.map((option) => ` --${option}`).join('');
    const known = byOptions.get(key) ?? new Set();
    byOptions.set(key, known);
    for (const name of names.split(' ')) known.add(name);
  }
  const runs = [...byOptions].map(
    ([options, names]) => `interdom run ${[...names].join(' ')}${options}`,
  );
  return [...runs, ...others];
}

/** "2 runs (quick, failure), 140 valid cells, profiles ..., interdom 0.1.0 (abc)". */
export function sheetSource(sheet: AnswerSheet): string {
  const suites = [...new Set(sheet.runs.map(({ suite }) => suite))].join(', ');
  const tools = sheet.runs.map(({ version, commit }) =>
    commit === '' ? version : `${version} (${shortCommit(commit)})`,
  );
  const runs = sheet.runs.length === 1 ? '1 run' : `${sheet.runs.length} runs`;
  const parts = [
    `${runs} (suite ${suites})`,
    `${sheet.cells} valid cells`,
    ...(sheet.testbeds.length > 0 ? [`testbed ${sheet.testbeds.join(', ')}`] : []),
    ...(sheet.profiles.length > 0 ? [`profile ${sheet.profiles.join(', ')}`] : []),
    ...(sheet.draws > 0
      ? [
          `${sheet.draws} draws of the prices of ${sheet.drawnProfiles.join(', ')} (flips: the share of them with another answer; -: none bears on it)`,
        ]
      : []),
    `interdom ${[...new Set(tools)].join(', ')}`,
  ];
  const notes = [
    ...(sheet.unsound > 0 ? [`${sheet.unsound} cells are not sound and say nothing`] : []),
    ...(sheet.runs.some(({ complete }) => !complete) ? ['a run was interrupted'] : []),
  ];
  return [parts.join('; '), ...notes].join('. ');
}

/** How the words of a sheet are meant. */
export function howJudged(): string {
  const from = (SHARES.supported * 100).toFixed(0);
  const to = (SHARES.contradicted * 100).toFixed(0);
  const ring = (EQUAL_RING_SHARE * 100).toFixed(0);
  return `Transports are compared at equal parameters and effective rings within ${ring} % of each other (so ${formatBytes(65_472)} against ${formatBytes(65_536)} counts). A statement about the general case is supported from ${from} % of the cases on and contradicted up to ${to} %, each scenario weighing the same; one about the worst case by a single case. "In part": some question of it was not tested.`;
}

/** "12 supported, 3 contradicted, 6 depend, 8 not tested". */
export function tallyWords(sheet: AnswerSheet): string {
  const count = (verdict: string): number =>
    sheet.answers.filter((answer) => answer.verdict === verdict).length;
  const words = [
    [count('supported'), 'supported'],
    [count('contradicted'), 'contradicted'],
    [count('depends'), count('depends') === 1 ? 'depends' : 'depend'],
    [count('not tested'), 'not tested'],
  ] as const;
  return words
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`)
    .join(', ');
}
