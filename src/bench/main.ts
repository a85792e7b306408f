import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatSignificant } from '../base/units.js';
import { CATALOGUE } from '../cli/catalogue.js';
import { textTable } from '../cli/text-table.js';
import { DEFAULT_PROFILE_NAME, findProfile } from '../profiles/index.js';
import type { Parts } from './cell-plans.js';
import { gateSpeed } from './gate-speed.js';
import { messageCost, simulatorSpeed } from './harness.js';
import { measureLayers } from './layers.js';
import { liveSpeed } from './live-speed.js';
import { fanIn, onePair, tenfold } from './scaling.js';
import { type Sampling, type Series, sample } from './series.js';

/** `npm run bench`: the speed of the harness itself, against what is promised of it. */

const SAMPLING: Sampling = { samples: 9, warmup: 4 };
const MESSAGES = 100_000;
const CHECKED_CELLS = 10_000;
const SENDERS = [10, 100, 1000, 4000];

const profile = findProfile(DEFAULT_PROFILE_NAME);
if (profile === undefined) throw new Error(`there is no profile ${DEFAULT_PROFILE_NAME}`);
const parts: Parts = { ...CATALOGUE, profile };
const rows: (readonly string[])[] = [];

interface Bound {
  readonly limit: number;
  readonly keeps: 'at least' | 'at most';
}

function row(series: Series | undefined, unit: string, promised?: Bound): void {
  if (series === undefined) return;
  const { interval, median } = series;
  const spread =
    interval === undefined
      ? ''
      : `${formatSignificant(interval[0])} to ${formatSignificant(interval[1])}`;
  // Other load on the machine is not the program's: what it can do shows in its best sample.
  const best =
    promised?.keeps === 'at least' ? Math.max(...series.samples) : Math.min(...series.samples);
  const judged = promised === undefined ? '' : verdict(best, promised);
  rows.push([series.name, `${formatSignificant(median)} ${unit}`, spread, judged]);
}

function verdict(best: number, { keeps, limit }: Bound): string {
  const kept = keeps === 'at least' ? best >= limit : best <= limit;
  return `${kept ? 'kept' : 'MISSED'}: ${keeps} ${limit}, best ${formatSignificant(best)}`;
}

/** `npm run bench -- live`: only the live testbed against C. */
const isLiveOnly = process.argv.includes('live');
if (!isLiveOnly) measureHarnessItself();
rows.push(...(await liveSpeed(parts)));
const width = process.stdout.columns ?? 120;
process.stdout.write(textTable(['what', 'median', '95 % interval', 'promise'], rows, width));

function measureHarnessItself(): void {
  for (const { name } of parts.transports) {
    const promised = { keeps: 'at least', limit: 1_000_000 } as const;
    row(
      simulatorSpeed(parts, name, MESSAGES, SAMPLING),
      'messages/s',
      name === 'libvchan' ? promised : undefined,
    );
  }
  row(messageCost(parts, 'libvchan', MESSAGES, SAMPLING), 'ns a message');
  row(messageCost(parts, 'null', MESSAGES, SAMPLING), 'ns a message');
  for (const layer of measureLayers(parts, SAMPLING)) row(layer, 'ns');
  row(onePair(parts), 'ms', { keeps: 'at most', limit: 0.5 });
  const ratio = tenfold(parts, 20_000);
  if (ratio !== undefined) {
    const bound = { keeps: 'at most', limit: 10.5 } as const;
    const name = 'libvchan: CPU time of ten times the messages';
    rows.push([name, `${formatSignificant(ratio)} x`, '', verdict(ratio, bound)]);
  }
  for (const { name } of parts.transports.filter((one) => one.capabilities.comparable)) {
    const series = fanIn(parts, name, SENDERS);
    for (const { senders, msPerSender, residentMib } of series) {
      const promised = { keeps: 'at most', limit: 1024 } as const;
      rows.push([
        `${name}: fan-in of ${senders}`,
        `${formatSignificant(msPerSender)} ms of CPU a sender`,
        `${residentMib.toFixed(0)} MiB resident`,
        senders === SENDERS.at(-1) ? verdict(residentMib, promised) : '',
      ]);
    }
  }
  const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const start = (words: readonly string[]) => () => {
    spawnSync(process.execPath, words, { stdio: 'ignore' });
  };
  row(
    sample('node alone', { samples: 9, warmup: 2 }, start(['-e', '0']), (ms) => ms),
    'ms',
  );
  row(
    sample('interdom --help', { samples: 9, warmup: 2 }, start([main, '--help']), (ms) => ms),
    'ms',
    { keeps: 'at most', limit: 200 },
  );
  row(gateSpeed(main, CHECKED_CELLS), 'ms', { keeps: 'at most', limit: 3000 });
}
