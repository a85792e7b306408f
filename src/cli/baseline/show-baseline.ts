import type { Baseline, BaselineCell } from '../../judge/gate/baseline-file.js';
import { parseCellId } from '../../results/cell-id.js';
import { readBaselines } from '../check/reference.js';
import type { Invocation } from '../command.js';
import { BASELINE_FOLDER } from '../commands/check.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { textTable } from '../text-table.js';

/** Carries out `interdom baseline show`: what the references hold. */
export async function showBaseline(
  { options, terminal }: Invocation,
  name: string | undefined,
): Promise<ExitCode> {
  const path = name ?? options.text('baseline') ?? BASELINE_FOLDER;
  const parts = readBaselines(path).map(({ path: file, text, baseline }) =>
    describe(file, text.length, baseline, terminal.width),
  );
  await terminal.print(parts.length === 0 ? `${path} holds no baseline\n` : parts.join('\n'));
  return EXIT.ok;
}

function describe(file: string, bytes: number, baseline: Baseline, width: number): string {
  const { testbed, profile, suite, cells, metrics, harness } = baseline;
  const groups = new Map<string, BaselineCell[]>();
  for (const cell of cells) {
    const { scenario, transport } = parseCellId(cell.id);
    const key = JSON.stringify([scenario, transport]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(cell);
  }
  const rows = [...groups].map(([key, own]) => {
    const [scenario, transport] = JSON.parse(key) as [string, string];
    const figures = own.reduce((sum, cell) => sum + Object.keys(cell.metrics ?? {}).length, 0);
    const skipped = own.filter(({ verdict }) => verdict === 'skipped').length;
    const version = String(own[0]?.scenarioVersion ?? '');
    return [scenario, version, transport, String(own.length), String(skipped), String(figures)];
  });
  const kinds = Object.keys(metrics).length;
  const speed = harness === undefined ? '' : `; harness sampled on ${harness.hostClass}`;
  const head = `${file}: ${testbed}/${profile}, suite ${suite}, ${cells.length} cells, ${kinds} metrics, ${Math.ceil(bytes / 1024)} KiB${speed}\n`;
  return (
    head +
    textTable(['scenario', 'version', 'transport', 'cells', 'skipped', 'figures'], rows, width)
  );
}
