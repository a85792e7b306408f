import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Finding, Judgement } from '../../judge/gate/finding.js';
import type { GateCell, Side } from '../../judge/gate/side.js';
import { summarise } from '../../judge/gate/summary.js';
import { renderGithubAnnotations } from './gate-github.js';
import { renderGateJson } from './gate-json.js';
import { renderJunit } from './gate-junit.js';
import { renderGateMarkdown } from './gate-markdown.js';
import { renderSarif } from './gate-sarif.js';
import { renderGateSummary } from './gate-terminal.js';

const idOf = (i: number): string => `model/p/v4v/stream/seed=${i}`;

function gateCell(id: string): GateCell {
  return {
    id,
    testbed: 'model',
    profile: 'p',
    transport: 'v4v',
    scenario: 'stream',
    scenarioVersion: 1,
    effective: {},
    verdict: 'valid',
    metrics: {},
  };
}

function finding(i: number, rest: Partial<Finding> = {}): Finding {
  return {
    kind: 'regressed',
    fails: true,
    cell: idOf(i),
    metric: 'latencyNsP50',
    before: 100,
    after: 110 + i,
    unit: 'ns',
    better: 'lower',
    worse: (10 + i) / 100,
    causes: [{ key: 'more entries.hlt', text: '+2 VMEXITs a message: hlt' }],
    message: `100 -> ${110 + i} ns (+${10 + i} ns, +${10 + i} %)`,
    ...rest,
  };
}

function judgement(findings: readonly Finding[], cells = 5): Judgement {
  const map = new Map(
    Array.from({ length: cells }, (_, i) => [idOf(i), gateCell(idOf(i))] as const),
  );
  const side = (name: string): Side => ({
    name,
    cells: map,
    profiles: {},
    hostClass: undefined,
    complete: true,
  });
  return summarise({
    before: side('baseline.json'),
    after: side('run.json'),
    findings,
    profileChanges: [],
    comparedCells: cells,
    comparedFigures: 3 * cells,
    sampledFigures: 0,
    incomparable: undefined,
    notes: ['a note, with 5 %'],
  });
}

const HOSTILE = 'x"<&>\u0000\u001b[31m\ud800 ]]>, :: \n::error::forged\r %0A | `@all` <script>';

const many = judgement(
  Array.from({ length: 500 }, (_, i) => finding(i)),
  600,
);
const hostile = judgement([
  finding(1, {
    cell: HOSTILE,
    metric: HOSTILE,
    message: HOSTILE,
    causes: [{ key: 'k', text: HOSTILE }],
  }),
]);
const mixed = judgement([
  finding(0),
  finding(1, { kind: 'not-measured', metric: undefined as never, message: 'is not there' }),
  finding(2, { kind: 'inconclusive', message: 'nobody can tell' }),
  finding(3, { kind: 'improved', fails: false, worse: -0.1, message: '100 -> 90 ns' }),
  finding(4, {
    kind: 'regressed',
    fails: false,
    ignored: { reason: 'known', until: '2026-12-31', where: 'file' },
  }),
]);

/** Tags that are opened and closed, in order. Throws where they do not match. */
function checkXml(text: string): void {
  const open: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
  assert.doesNotMatch(text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  const body = text.replace(/^<\?xml[^>]*\?>\n/, '');
  for (const [tag] of body.matchAll(/<[^>]*>/g)) {
    assert.match(tag, /^<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>$/, tag);
    const name = /[a-z-]+/.exec(tag)?.[0] as string;
    if (tag.startsWith('</')) assert.equal(open.pop(), name);
    else if (!tag.endsWith('/>')) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(body.replace(/<[^>]*>/g, ''), /[<>]|&(?!(amp|lt|gt|quot|#10|#13);)/);
}

describe('JUnit XML', () => {
  it('is well-formed, whatever stands in the results', () => {
    for (const one of [many, hostile, mixed, judgement([])]) checkXml(renderJunit(one));
  });

  it('has a test case a cell, and tells worse from not measured, and both from fine', () => {
    const xml = renderJunit(mixed);
    assert.match(
      xml,
      /^<testsuites name="interdom check" tests="6" failures="1" errors="2" skipped="1">$/m,
    );
    const caseOf = (i: number) =>
      new RegExp(`<testcase [^>]*name="v4v/seed=${i}"(?:/>|>(.*?)</testcase>)`, 's').exec(xml);
    assert.match(
      caseOf(0)?.[1] ?? '',
      /<failure type="regressed" message="latencyNsP50: 100 -&gt; 110 ns .*hlt"/,
    );
    assert.match(caseOf(1)?.[1] ?? '', /<error type="not-measured"/);
    assert.match(caseOf(2)?.[1] ?? '', /<error type="inconclusive"/);
    assert.match(caseOf(3)?.[1] ?? '', /<system-out>improved: /);
    assert.match(caseOf(4)?.[1] ?? '', /<skipped message="known \(until 2026-12-31\)"\/>/);
  });

  it('fails where nothing was measured at all, though no cell is there to fail', () => {
    const xml = renderJunit(judgement([], 0));
    assert.match(xml, /<error type="nothing-measured" message="nothing was measured/);
  });
});

describe('annotations for GitHub', () => {
  const locate = ({ cell }: Finding) => ({ file: 'base/b,1:x.json', line: cell.length });

  it('are at most ten of a kind, the worst first, and say that there are more', () => {
    const lines = renderGithubAnnotations(many, locate).trimEnd().split('\n');
    for (const kind of ['error', 'notice', 'warning']) {
      assert.ok(lines.filter((line) => line.startsWith(`::${kind}`)).length <= 10, kind);
    }
    assert.match(
      lines[0] ?? '',
      /^::error title=interdom check%3A regressed::500 figures of 500 cells/,
    );
    assert.match(
      lines[1] ?? '',
      /title=regressed%3A model\/p\/v4v\/stream\/seed=499::latencyNsP50: /,
    );
    assert.match(lines[9] ?? '', /^::error::492 more cells: see the job summary$/);
    assert.match(lines[1] ?? '', /^::error file=base\/b%2C1%3Ax\.json,line=\d+,title=/);
  });

  it('cannot be forged by what stands in the results', () => {
    const lines = renderGithubAnnotations(hostile, () => undefined)
      .trimEnd()
      .split(/[\r\n]/);
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /^::(error|warning)/);
    assert.match(lines[1] ?? '', /%0A::error::forged%0D %250A/);
  });

  it('are no errors where all is well', () => {
    const text = renderGithubAnnotations(judgement([]), () => undefined);
    assert.match(text, /^::notice title=interdom check%3A ok::/);
    assert.doesNotMatch(text, /::error/);
  });
});

describe('the summary in Markdown', () => {
  it('fits a comment, cut at a whole row, and says what is left out', () => {
    const text = renderGateMarkdown(many, 8000);
    assert.ok(text.length <= 8000);
    assert.match(text, /\n\d+ more cells are left out here\.\n$/);
    const rows = text.split('\n').filter((line) => line.startsWith('| model/'));
    assert.match(rows[0] ?? '', /seed=499/);
    for (const row of rows) assert.match(row, /\|$/);
    assert.ok(
      renderGateMarkdown(
        judgement(
          Array.from({ length: 5000 }, (_, i) => finding(i)),
          5000,
        ),
      ).length < 65_536,
    );
  });

  it('holds no markup out of the results', () => {
    const text = renderGateMarkdown(hostile);
    assert.doesNotMatch(text, /<script>|(?<!&#64;|\\)`|@all/);
    const rows = text.split('\n').filter((line) => line.startsWith('| x'));
    assert.equal(rows.length, 2, 'a row of causes and one of cells: no line end in between');
  });

  it('starts with the verdict and names the causes', () => {
    const text = renderGateMarkdown(mixed);
    assert.match(text, /^## interdom check: regressed\n/);
    assert.match(text, /\| \+2 VMEXITs a message: hlt \|/);
    assert.match(text, /ignored by the policy: 1 finding$/m);
  });
});

describe('SARIF', () => {
  it('has a result a finding, with rule, place and a fingerprint that amounts do not change', () => {
    const locate = () => ({ file: 'results/base line.json', line: 7 });
    const document = JSON.parse(renderSarif(mixed, '0.1.0', locate));
    assert.equal(document.version, '2.1.0');
    const [run] = document.runs;
    assert.equal(run.results.length, 4);
    const [first] = run.results;
    assert.equal(run.tool.driver.rules[first.ruleIndex].id, first.ruleId);
    assert.deepEqual(first.locations[0].physicalLocation, {
      artifactLocation: { uri: 'results/base%20line.json' },
      region: { startLine: 7 },
    });
    assert.deepEqual(
      run.results.map((one: { level: string }) => one.level),
      ['error', 'error', 'error', 'note'],
    );
    const later = judgement([finding(0, { after: 999, message: 'other amounts' })]);
    const again = JSON.parse(renderSarif(later, '0.1.0', locate)).runs[0].results[0];
    assert.deepEqual(again.partialFingerprints, first.partialFingerprints);
  });

  it('holds no more than services take', () => {
    const document = JSON.parse(
      renderSarif(
        judgement(
          Array.from({ length: 6000 }, (_, i) => finding(i)),
          6000,
        ),
        '0.1.0',
        () => ({ file: 'results.json', line: 1 }),
      ),
    );
    assert.equal(document.runs[0].results.length, 5000);
    assert.equal(document.runs[0].properties.findings, 6000);
  });

  it('does not look fine where nothing was measured and no cell can say so', () => {
    const nothing = { ...judgement([]), verdict: 'nothing-measured', sentence: 'nothing' } as const;
    const place = { file: 'results.json', line: 1 };
    const [result, ...more] = JSON.parse(renderSarif(nothing, '0.1.0', () => place)).runs[0]
      .results;
    assert.deepEqual(more, []);
    assert.equal(result.level, 'error');
    assert.equal(result.ruleId, 'not-measured');
    assert.match(result.message.text, /nothing$/);
  });
});

describe('JSON', () => {
  it('holds all findings, and no infinity', () => {
    const document = JSON.parse(
      renderGateJson(judgement([finding(0, { worse: Number.POSITIVE_INFINITY }), finding(1)])),
    );
    assert.equal(document.judgementVersion, 1);
    assert.equal(document.verdict, 'regressed');
    assert.equal(document.findings.length, 2);
    assert.equal('worse' in document.findings[0], false);
    assert.equal(document.findings[1].worse, 0.11);
    // Samples of next to nothing have a ratio beyond all numbers.
    const interval = [0, Number.POSITIVE_INFINITY] as const;
    const evidence = {
      samples: [8, 8],
      ratio: 1,
      interval,
      limit: 1.05,
      p: 1,
      adjustedP: 1,
    } as const;
    const sampled = JSON.parse(renderGateJson(judgement([finding(0, { evidence })])));
    assert.equal('evidence' in sampled.findings[0], false);
  });
});

describe('what the terminal shows', () => {
  const options = { width: 100, colour: false, cells: 3 };

  it('starts with the verdict, and has the worst cells with their causes', () => {
    const text = renderGateSummary(many, options);
    assert.match(
      text,
      /^regressed: 500 figures of 500 cells became worse, at most by 509 %; 1800 figures of 600 cells\n/,
    );
    assert.match(
      text,
      /^The worst 3 of 500 cells\nmodel\/p\/v4v\/stream\/seed=499\n {2}regressed {2}latencyNsP50/m,
    );
    assert.match(text, /^ {2}because: \+2 VMEXITs a message: hlt$/m);
    assert.match(text, /^Note: a note, with 5 %$/m);
    for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('tells what does not fail in a line', () => {
    const text = renderGateSummary(mixed, options);
    assert.match(
      text,
      /^1 improved, at most by 10 %: model\/p\/v4v\/stream\/seed=3 latencyNsP50$/m,
    );
    assert.match(text, /^Ignored: 1 finding: known \(until 2026-12-31\)$/m);
    assert.match(text, /^1 cell not-measured: is not there$/m);
  });

  it('gives the terminal no orders of the results', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    assert.doesNotMatch(renderGateSummary(hostile, options), /[\u0000-\u0009\u000b-\u001f]/);
  });

  it('colours the verdict where colour is wanted', () => {
    const text = renderGateSummary(many, { ...options, colour: true });
    assert.ok(text.startsWith('\u001b[31mregressed\u001b[0m: '));
  });
});
