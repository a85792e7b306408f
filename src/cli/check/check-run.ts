import { UserError } from '../../base/errors.js';
import { AppliedPolicy } from '../../judge/gate/applied-policy.js';
import type { GateVerdict, Judgement } from '../../judge/gate/finding.js';
import { judgeRun } from '../../judge/gate/judge-run.js';
import { parsePattern } from '../../judge/gate/pattern.js';
import { NO_POLICY, parsePolicy } from '../../judge/gate/policy.js';
import { type Side, selected } from '../../judge/gate/side.js';
import { renderGateJson } from '../../report/gate/gate-json.js';
import { renderGateMarkdown } from '../../report/gate/gate-markdown.js';
import { renderGateSummary } from '../../report/gate/gate-terminal.js';
import type { Invocation } from '../command.js';
import { BASELINE_FOLDER, CHECK_FORMATS } from '../commands/check.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readNoiseFloors } from '../noise/noise-file.js';
import { readPolicySection } from '../options/config-file.js';
import { furtherSamples } from './more-samples.js';
import { readReference } from './reference.js';
import { readJudgedRun } from './run-side.js';
import { writeOutputs } from './write-outputs.js';

const MOST_CELLS = 100_000;
const LONGEST_BUDGET_S = 3600;

const EXIT_OF: Readonly<Record<GateVerdict, ExitCode>> = {
  ok: EXIT.ok,
  regressed: EXIT.regression,
  inconclusive: EXIT.inconclusive,
  'not-comparable': EXIT.notComparable,
  'nothing-measured': EXIT.nothingMeasured,
};

/** Carries out `interdom check`. */
export async function checkRun(invocation: Invocation): Promise<ExitCode> {
  const judgement = await judge(invocation);
  await show(invocation, judgement);
  return EXIT_OF[judgement.verdict];
}

async function judge(invocation: Invocation): Promise<Judgement> {
  const { options, positionals } = invocation;
  const withHarness = options.flag('harness');
  const budgetS = options.integer('sample-budget', 0, LONGEST_BUDGET_S) ?? 20;
  const { results, side: whole } = await readJudgedRun(positionals[0] ?? 'latest', withHarness);
  const reference = readReference(options.text('baseline') ?? BASELINE_FOLDER, whole, withHarness);
  const { before, after } = selection(invocation, reference.side, whole);
  const section = readPolicySection(options.text('config'));
  const policy = section === undefined ? NO_POLICY : parsePolicy(section.value, section.where);
  const today = new Date().toISOString().slice(0, 10);
  const judgement = await judgeRun(before, after, {
    policy: new AppliedPolicy(policy, today),
    strict: options.flag('strict'),
    partial: options.flag('partial'),
    noiseFloors: readNoiseFloors(options.text('noise'), whole.hostClass),
    moreSamples: furtherSamples(results.run, invocation, budgetS * 1000),
    otherCells: reference.otherCells,
    everyEntryMatches: !options.has('only'),
  });
  await writeOutputs(invocation, judgement, reference.files);
  return judgement;
}

/** What --only leaves of both sides. Throws UserError where that is nothing. */
function selection(
  { options }: Invocation,
  before: Side,
  after: Side,
): { readonly before: Side; readonly after: Side } {
  const text = options.text('only');
  if (text === undefined) return { before, after };
  const pattern = parsePattern(text, '--only');
  const chosen = selected(before, pattern);
  if (chosen.cells.size > 0) return { before: chosen, after: selected(after, pattern) };
  throw new UserError(`the reference has no figure like ${text}`, {
    where: '--only',
    remedy: 'write a cell as check shows it, or a pattern like */ping-pong/*:latencyNsP99',
  });
}

async function show({ options, terminal }: Invocation, judgement: Judgement): Promise<void> {
  switch (options.word('format', CHECK_FORMATS) ?? 'table') {
    case 'json':
      return terminal.print(renderGateJson(judgement));
    case 'md':
      return terminal.print(renderGateMarkdown(judgement));
    case 'table': {
      const { width, colour } = terminal;
      const cells = options.integer('cells', 0, MOST_CELLS) ?? 10;
      return terminal.print(renderGateSummary(judgement, { width, colour, cells }));
    }
  }
}
