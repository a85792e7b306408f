// Writes the tables of docs/sockets.md from the committed runs of real programs: node scripts/program-table.mjs, after a build.
//
//     interdom programs -o results/programs/programs.json
//     interdom programs --inject profile -o results/programs/programs-with-delays.json
import { readFileSync, writeFileSync } from 'node:fs';
import { formatSignificant } from '../dist/src/base/units.js';
import { TRIALS } from '../dist/src/cli/programs/trials.js';

const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];
const path = (name) => new URL(`../${name}`, import.meta.url);
const read = (name) => JSON.parse(readFileSync(path(`results/programs/${name}.json`), 'utf8'));

/** Throughput against loopback, or how many times as long a request takes. */
function beside({ metrics }) {
  const ratio = (over, direct) =>
    metrics[over] === undefined ? undefined : metrics[over].value / metrics[direct].value;
  const rate =
    ratio('bytesPerSecond', 'loopbackBytesPerSecond') ??
    ratio('messagesPerSecond', 'loopbackMessagesPerSecond');
  const latency = ratio('latencyNsP50', 'loopbackLatencyNsP50');
  return [
    ...(rate === undefined ? [] : [`${Math.round(100 * rate)} %`]),
    ...(latency === undefined ? [] : [`${formatSignificant(latency)}x`]),
  ].join(', ');
}

function table({ run, cells }) {
  const of = (program, transport) =>
    cells.find((cell) => cell.parameters.program === program && cell.transport === transport);
  const rows = TRIALS.map(({ name, summary }) => {
    const all = TRANSPORTS.map((transport) => of(name, transport));
    const works = all.every((cell) => cell.outcome?.works === true) ? 'all three' : 'not all';
    const entries = all.map((cell) => formatSignificant(cell.metrics.entriesPerMessage.value));
    return `| ${[name, summary, works, entries.join(' / '), ...all.map(beside)].join(' | ')} |`;
  });
  const { cores, cpu, memoryBytes } = run.host;
  const loads = cells.flatMap(({ notes = [] }) =>
    notes.flatMap((note) => /^other load: ([\d.]+)/.exec(note)?.[1] ?? []),
  );
  const [least, most] = [Math.min, Math.max].map((which) => which(...loads.map(Number)));
  const virtual = cells.some(({ notes = [] }) => notes.some((note) => /^virtualised/.test(note)));
  return [
    `${virtual ? 'A virtual machine' : 'A machine'} with ${cores} CPUs (${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB), ${loads.length === 0 ? 'with nothing else to do' : `at a load average of ${Math.round(least)} to ${Math.round(most)}`}:`,
    '',
    '| program | what it does | works over | entries a request: V4V / libvchan / V2V | beside loopback: V4V | libvchan | V2V |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const document = path('docs/sockets.md');
let text = readFileSync(document, 'utf8');
for (const name of ['programs', 'programs-with-delays']) {
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  text = `${text.slice(0, from)}${table(read(name))}${text.slice(to)}`;
}
writeFileSync(document, text);
