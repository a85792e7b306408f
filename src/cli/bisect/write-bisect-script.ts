import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../base/errors.js';
import { shellWord } from '../../base/shell-word.js';
import { parsePattern } from '../../judge/gate/pattern.js';
import { type Side, selected } from '../../judge/gate/side.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { parseCellId } from '../../results/cell-id.js';
import { readReference } from '../check/reference.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { bisectScript } from './bisect-script.js';

/** Carries out `interdom bisect`. */
export async function writeBisectScript({
  options,
  positionals,
  terminal,
}: Invocation): Promise<ExitCode> {
  const baseline = options.text('baseline') ?? 'results/baseline';
  const reference = readReference(baseline, NOTHING, false).side;
  const { cellId, metric } = figureOf(positionals[0] ?? '', reference);
  const script = bisectScript({
    cellId,
    metric,
    baseline: resolve(baseline),
    judge: fileURLToPath(new URL('../main.js', import.meta.url)),
    build: options.text('build') ?? 'npm ci',
    program: options.text('program') ?? 'node dist/src/cli/main.js',
    profile: options.text('profile'),
  });
  const output = options.text('output');
  if (output === undefined) await terminal.print(script);
  else {
    writeFileAtomically(output, [script]);
    terminal.note(
      `script: ${output}; in a worktree: git bisect start BAD GOOD && git bisect run sh ${shellWord(resolve(output))}`,
    );
  }
  return EXIT.ok;
}

/** So that all baselines of a folder are read. */
const NOTHING: Side = {
  name: '',
  cells: new Map(),
  profiles: {},
  hostClass: undefined,
  complete: true,
};

function figureOf(
  text: string,
  reference: Side,
): { readonly cellId: string; readonly metric: string | undefined } {
  if (reference.cells.has(text)) return checked(text, undefined);
  const colon = text.lastIndexOf(':');
  const cellId = text.slice(0, colon);
  const metric = text.slice(colon + 1);
  const known = reference.cells.get(cellId);
  if (known !== undefined && Object.hasOwn(known.metrics, metric)) return checked(cellId, metric);
  const like = [...selected(reference, parsePattern(text, 'interdom bisect')).cells.keys()];
  throw new UserError(`the reference has no cell or figure ${text}`, {
    where: 'interdom bisect',
    remedy: like[0] === undefined ? 'copy it from what check says' : `did you mean ${like[0]}?`,
  });
}

function checked(cellId: string, metric: string | undefined) {
  if (parseCellId(cellId).parameters.has('draw')) {
    throw new UserError('a cell of an uncertainty run cannot be measured alone', {
      where: 'interdom bisect',
      remedy: 'bisect the same cell without --uncertainty',
    });
  }
  return { cellId, metric };
}
