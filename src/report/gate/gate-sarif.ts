import type { Log, Result } from 'sarif';
import { RunningHash } from '../../base/running-hash.js';
import {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type Judgement,
} from '../../judge/gate/finding.js';
import { fullMessage, type Place } from './gate-view.js';

/** GitHub takes 25,000 results of a run and shows 5,000. */
const MOST_RESULTS = 5000;

const RULES: Readonly<Record<FindingKind, string>> = {
  regressed: 'A figure is worse than the reference',
  'not-measured': 'A figure of the reference has no sound measurement',
  'not-comparable': 'A figure cannot be compared with the reference',
  inconclusive: 'A figure cannot be decided with these samples',
  changed: 'A figure without a better side, or what a protocol did, has changed',
  improved: 'A figure is better than the reference',
  new: 'A figure has no reference',
};

/**
 * The judgement as SARIF 2.1.0 (OASIS), for code-scanning services: a result a finding, the worst
 * first, at the line of the reference.
 * @param version of interdom
 * @param locate has a place for every finding: GitHub takes no file in which one result has none
 */
export function renderSarif(
  judgement: Judgement,
  version: string,
  locate: (finding: Finding) => Place,
): string {
  const findings = [...ofNoCell(judgement), ...judgement.findings];
  const results = findings.slice(0, MOST_RESULTS).map((finding) => resultOf(finding, locate));
  // Typed by the schema: a property that SARIF does not have would not compile.
  const document: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'interdom check',
            semanticVersion: version,
            rules: FINDING_KINDS.map((id) => ({
              id,
              shortDescription: { text: RULES[id] },
              defaultConfiguration: { level: levelOf(id) },
            })),
          },
        },
        properties: {
          verdict: judgement.verdict,
          findings: findings.length,
          reported: results.length,
        },
        results,
      },
    ],
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function levelOf(kind: FindingKind): 'error' | 'note' {
  return kind === 'improved' || kind === 'new' ? 'note' : 'error';
}

/** "Nothing was measured" may have no cell to speak of, and a file without results looks like "fine". */
function ofNoCell({ verdict, sentence, findings, run }: Judgement): readonly Finding[] {
  if (findings.some(({ fails }) => fails)) return [];
  if (verdict !== 'nothing-measured' && verdict !== 'not-comparable') return [];
  const kind = verdict === 'not-comparable' ? 'not-comparable' : 'not-measured';
  const nothing = { metric: undefined, worse: 0, causes: [] };
  return [{ ...nothing, kind, fails: true, cell: run, message: sentence }];
}

function resultOf(finding: Finding, locate: (finding: Finding) => Place): Result {
  const place = locate(finding);
  const key = `${finding.cell}:${finding.metric ?? ''}`;
  return {
    ruleId: finding.kind,
    ruleIndex: FINDING_KINDS.indexOf(finding.kind),
    level: finding.fails ? 'error' : 'note',
    message: { text: `${finding.cell}: ${fullMessage(finding)}` },
    // A service takes two results with one fingerprint for the same: the amounts must stay out.
    partialFingerprints: { 'figure/v1': fingerprint(`${finding.kind} ${key}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(place.file) },
          region: { startLine: place.line },
        },
        logicalLocations: [{ fullyQualifiedName: key, kind: 'member' }],
      },
    ],
  };
}

function fingerprint(text: string): string {
  const hash = new RunningHash();
  for (let i = 0; i < text.length; i++) hash.add(text.charCodeAt(i));
  return hash.digest();
}
