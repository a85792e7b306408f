import { appendFileSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { Finding, Judgement } from '../../judge/gate/finding.js';
import { lineIndex } from '../../judge/gate/line-index.js';
import { renderGithubAnnotations } from '../../report/gate/gate-github.js';
import { renderJunit } from '../../report/gate/gate-junit.js';
import { renderGateMarkdown } from '../../report/gate/gate-markdown.js';
import { renderSarif } from '../../report/gate/gate-sarif.js';
import type { Locate, Place } from '../../report/gate/gate-view.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { fileFault } from '../../results/file-fault.js';
import type { Invocation } from '../command.js';
import { packageVersion } from '../program-version.js';
import type { ReferenceFile } from './reference.js';

/** Writes what other programs read of a judgement, as the options say. Throws UserError. */
export async function writeOutputs(
  { options, terminal }: Invocation,
  judgement: Judgement,
  files: readonly ReferenceFile[],
): Promise<void> {
  const locate = locator(files);
  const junit = options.text('junit');
  if (junit !== undefined) writeFileAtomically(junit, [renderJunit(judgement)]);
  const sarif = options.text('sarif');
  if (sarif !== undefined) {
    // What the reference does not hold, as a new cell, is told at its beginning.
    const top = { file: shownPath(files[0]?.path ?? judgement.reference), line: 1 };
    const text = renderSarif(judgement, packageVersion(), (finding) => locate(finding) ?? top);
    writeFileAtomically(sarif, [text]);
  }
  const summary = options.text('summary');
  if (summary !== undefined) {
    writeSummary(
      summary,
      renderGateMarkdown(judgement),
      terminal.environment['GITHUB_STEP_SUMMARY'],
    );
  }
  if (options.word('annotations', ['github']) !== undefined) {
    await terminal.print(renderGithubAnnotations(judgement, locate));
  }
}

/** The job summary belongs to the whole step: what stands there stays. */
function writeSummary(path: string, text: string, jobSummary: string | undefined): void {
  if (path !== jobSummary) {
    writeFileAtomically(path, [text]);
    return;
  }
  try {
    appendFileSync(path, text);
  } catch (cause) {
    throw fileFault('write', path, cause);
  }
}

/** Reads the files line by line only when the first place is asked for. */
function locator(files: readonly ReferenceFile[]): Locate {
  let indexes: readonly { file: string; index: ReturnType<typeof lineIndex> }[] | undefined;
  return ({ cell, metric }: Finding): Place | undefined => {
    indexes ??= files.map(({ path, text }) => ({ file: shownPath(path), index: lineIndex(text) }));
    for (const { file, index } of indexes) {
      const line = index.lineOf(cell, metric);
      if (line !== undefined) return { file, line };
    }
    return undefined;
  };
}

/** As services know files: from the working folder, with forward slashes. */
function shownPath(path: string): string {
  const shown = isAbsolute(path) ? relative(process.cwd(), path) : path;
  return shown.split(sep).join('/');
}
