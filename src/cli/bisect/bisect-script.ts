import { shellWord } from '../../base/shell-word.js';
import { parseCellId } from '../../results/cell-id.js';

/** What a script for `git bisect run` is made of. */
export interface BisectRequest {
  readonly cellId: string;
  /** One figure of the cell; undefined: all. */
  readonly metric: string | undefined;
  /** Absolute path of the reference. */
  readonly baseline: string;
  /** Absolute path of the program that judges: the same for all commits. */
  readonly judge: string;
  readonly build: string;
  readonly program: string;
  /** Instead of the cell's own profile. */
  readonly profile: string | undefined;
}

/** Parameters that have an option of their own; all others go through --set. */
const OPTIONS: Readonly<Record<string, string>> = {
  ringSizeBytes: '--ring-size',
  messageSizeBytes: '--message-size',
  guestType: '--guest-type',
  grantMode: '--grant-mode',
  placement: '--placement',
  messages: '--messages',
  seed: '--seed',
};

/**
 * A POSIX shell script that `git bisect run` understands: 0 good, 1 bad, 125 cannot be told. Each
 * commit measures with its own program, and one program judges all of them, since older commits may
 * judge otherwise or not at all. Nor does a commit's own policy count.
 */
export function bisectScript(request: BisectRequest): string {
  const { cellId, judge, baseline, build, program, metric } = request;
  const only = metric === undefined ? cellId : `${cellId}:${metric}`;
  const judged = [process.execPath, judge, 'check'].map(shellWord).join(' ');
  const rest = ['--baseline', baseline, '--only', only].map(shellWord).join(' ');
  return `#!/bin/sh
# For git bisect run: is ${metric ?? 'the cell'} of
#   ${comment(cellId)}
# as good as in ${comment(baseline)}?
#
#   git worktree add /tmp/bisected HEAD && cd /tmp/bisected
#   git bisect start BAD GOOD && git bisect run sh THIS-SCRIPT
#   git bisect reset
#
# Says 0: good; 1: bad; 125: it cannot be told (the commit does not build, or does not measure this).
set -u
run=$(mktemp) && config=$(mktemp) || exit 125
trap 'rm -f "$run" "$config"' EXIT
echo '{}' >"$config"
${build} || exit 125
${program} ${measureWords(request).map(shellWord).join(' ')} --output - --format json --quiet --no-harness >"$run" || exit 125
${judged} "$run" ${rest} --config "$config"
case $? in
  0) exit 0 ;;
  3) exit 1 ;;
  *) exit 125 ;;
esac
`;
}

/** The words with which one cell is measured. */
function measureWords({ cellId, profile }: BisectRequest): readonly string[] {
  const cell = parseCellId(cellId);
  const words = ['run', cell.scenario, '--testbed', cell.testbed];
  words.push('--profile', profile ?? cell.profile, '--transport', cell.transport);
  for (const [name, value] of cell.parameters) {
    const option = OPTIONS[name];
    if (option === undefined) words.push('--set', `${name}=${value}`);
    else words.push(option, value);
  }
  return words;
}

/** A line end would end the comment, and what follows would be carried out. */
function comment(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
