import type { Finding, Judgement } from '../../judge/gate/finding.js';
import { HARNESS } from '../../judge/gate/side.js';
import { byCell, fullMessage } from './gate-view.js';

/**
 * The judgement as JUnit XML: a test case a cell, a suite a testbed, profile and scenario.
 * `failure` is what became worse or otherwise; `error` is what could not be judged: no sound
 * measurement, not comparable, inconclusive; `skipped` is what the policy ignores. So "did not run"
 * looks neither like "passed" nor like "regressed".
 */
export function renderJunit(judgement: Judgement): string {
  const findings = new Map(byCell(judgement.findings).map((one) => [one.cell, one.findings]));
  const ignored = new Map(byCell(judgement.ignored).map((one) => [one.cell, one.findings]));
  const suites = new Map<string, Case[]>();
  const ids = new Set([...judgement.cellIds, ...findings.keys()]);
  for (const id of ids) {
    const { suite, classname, name } = namesOf(id);
    const cases = suites.get(suite) ?? [];
    suites.set(suite, cases);
    cases.push({
      classname,
      name,
      findings: findings.get(id) ?? [],
      ignored: ignored.get(id) ?? [],
    });
  }
  const bodies = [...suites].map(([name, cases]) => suiteText(name, cases));
  const verdict = verdictCase(judgement);
  bodies.unshift(suiteText('interdom check', [verdict]));
  const all = [verdict, ...[...suites.values()].flat()];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="interdom check"${totals(all)}>\n${bodies.join('')}</testsuites>\n`;
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly findings: readonly Finding[];
  readonly ignored: readonly Finding[];
  readonly error?: { readonly type: string; readonly message: string };
}

/** What concerns no single cell must show as well: "nothing was measured" has no cells to fail. */
function verdictCase({ verdict, sentence }: Judgement): Case {
  const base = { classname: 'interdom', name: 'check', findings: [], ignored: [] };
  const isOwn = verdict === 'nothing-measured' || verdict === 'not-comparable';
  return isOwn ? { ...base, error: { type: verdict, message: sentence } } : base;
}

function namesOf(id: string): { suite: string; classname: string; name: string } {
  const [testbed = '', profile = '', transport = '', scenario = '', parameters = ''] =
    id.split('/');
  if (id === HARNESS) return { suite: HARNESS, classname: HARNESS, name: HARNESS };
  return {
    suite: `${testbed}/${profile}/${scenario}`,
    classname: `${testbed}.${profile}.${scenario}`.replaceAll(' ', '_'),
    name: `${transport}/${parameters}`,
  };
}

function suiteText(name: string, cases: readonly Case[]): string {
  return ` <testsuite name="${escaped(name)}"${totals(cases)}>\n${cases.map(caseText).join('')} </testsuite>\n`;
}

function totals(cases: readonly Case[]): string {
  const count = (wanted: ReturnType<typeof stateOf>): number =>
    cases.filter((one) => stateOf(one) === wanted).length;
  return ` tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
}

function stateOf({ findings, ignored, error }: Case): 'passed' | 'failure' | 'error' | 'skipped' {
  const failing = findings.filter(({ fails }) => fails);
  if (error !== undefined) return 'error';
  if (failing.some(isFailure)) return 'failure';
  if (failing.length > 0) return 'error';
  return ignored.length > 0 && findings.length === 0 ? 'skipped' : 'passed';
}

function isFailure({ kind }: Finding): boolean {
  return kind === 'regressed' || kind === 'changed' || kind === 'improved' || kind === 'new';
}

function caseText(one: Case): string {
  const open = `  <testcase classname="${escaped(one.classname)}" name="${escaped(one.name)}"`;
  const state = stateOf(one);
  if (one.error !== undefined) {
    return `${open}>\n   <error type="${one.error.type}" message="${escaped(one.error.message)}"/>\n  </testcase>\n`;
  }
  const shown = state === 'skipped' ? one.ignored : one.findings.filter(({ fails }) => fails);
  const other = one.findings.filter(({ fails }) => !fails);
  if (shown.length === 0 && other.length === 0) return `${open}/>\n`;
  const parts: string[] = [];
  const first = shown[0];
  if (state === 'skipped' && first !== undefined) {
    const why = `${first.ignored?.reason} (until ${first.ignored?.until})`;
    parts.push(`   <skipped message="${escaped(why)}"/>\n`);
  } else if (first !== undefined && (state === 'failure' || state === 'error')) {
    const body = shown.map((finding) => `${finding.kind}: ${fullMessage(finding)}`).join('\n');
    parts.push(
      `   <${state} type="${first.kind}" message="${escaped(fullMessage(first))}">${escaped(body)}</${state}>\n`,
    );
  }
  if (other.length > 0) {
    const body = other.map((finding) => `${finding.kind}: ${fullMessage(finding)}`).join('\n');
    parts.push(`   <system-out>${escaped(body)}</system-out>\n`);
  }
  return `${open}>\n${parts.join('')}  </testcase>\n`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 cannot hold
const UNSPEAKABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

function escaped(text: string): string {
  return text
    .replace(UNSPEAKABLE, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\n/g, '&#10;')
    .replace(/\r/g, '&#13;');
}
