import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PRICE_NAMES } from '../../src/profiles/price-list.js';
import { parseProfile } from '../../src/profiles/user-profile.js';
import { parseResults } from '../../src/results/schema.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

describe('commands that measure on this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'interdom-live-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const interdom = (...words: string[]) =>
    spawnSync(process.execPath, [MAIN, ...words], { cwd: folder, encoding: 'utf8' });
  const results = (name: string) => parseResults(readFileSync(join(folder, name), 'utf8'), name);

  it('run --testbed live writes sampled cells of all transports, in the order in which they were taken', () => {
    const words = ['run', 'stream', '--testbed', 'live', '--message-size', '4k', '-o', 'live.json'];
    const { status, stderr } = interdom(...words, '--messages', '500', '--no-harness');
    assert.equal(status, 0, stderr);
    const { cells } = results('live.json');
    assert.deepEqual(
      cells.map(({ testbed, transport, verdict }) => `${testbed} ${transport} ${verdict}`),
      ['live v4v valid', 'live libvchan valid', 'live v2v valid'],
    );
    for (const { metrics, notes } of cells) {
      const rate = metrics['bytesPerSecond'];
      assert.equal(rate?.assume, 'nothing');
      assert.equal(rate.samples?.length, 24);
      assert.ok(rate.interval !== undefined && rate.interval[0] <= rate.value);
      assert.ok((metrics['blockingBytesPerSecond']?.value ?? 0) > 0);
      const injected = metrics['injectedShare']?.value ?? -1;
      assert.ok(injected > 0 && injected < 1, `injected ${injected}`);
      assert.ok(notes?.some((note) => note.includes('skylake-2017')));
    }
  });

  it('--inject none leaves profiles out of it, and pays nothing', () => {
    const words = ['run', 'ping-pong', '-t', 'v4v', '--testbed', 'live', '--inject', 'none'];
    const { status, stderr } = interdom(...words, '-o', 'bare.json', '--no-harness');
    assert.equal(status, 0, stderr);
    const { cells, run } = results('bare.json');
    assert.deepEqual(Object.keys(run.profiles), ['bare-machine']);
    for (const { id, metrics, histograms } of cells) {
      assert.match(id, /^live\/bare-machine\/v4v\/ping-pong\//);
      assert.equal(metrics['injectedShare']?.value, 0);
      assert.ok((metrics['latencyNsP50']?.value ?? 0) > 0);
      assert.ok(histograms?.['latencyNs'] && histograms['blockingLatencyNs']);
    }
  });

  it('what live cannot carry out is skipped, with the reason', () => {
    const words = ['run', 'setup', 'stream', '-t', 'libvchan', '--testbed', 'live', '--quiet'];
    const { status, stderr } = interdom(...words, '--messages', '300', '-o', 'skipped.json');
    assert.equal(status, 0, stderr);
    for (const { scenario, verdict, reason } of results('skipped.json').cells) {
      assert.equal(verdict, scenario === 'setup' ? 'skipped' : 'valid');
      if (verdict === 'skipped') assert.match(reason ?? '', /^live carries out what two/);
    }
    const { status: none, stderr: why } = interdom(...words, '--placement', 'shared');
    assert.equal(none, 2);
    assert.match(why, /no selected transport can have this: libvchan: live /);
  });

  it('calibrate writes a profile that --profile reads, and says what it could not measure', () => {
    const { status, stdout, stderr } = interdom('calibrate', '-o', 'here.json');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /cacheLine/);
    const text = readFileSync(join(folder, 'here.json'), 'utf8');
    const { prices } = parseProfile(text, 'here.json');
    for (const name of PRICE_NAMES) {
      const { low, value, high } = prices[name];
      assert.ok(low <= value && value <= high, name);
    }
    assert.match(prices.copyL1.source, /measured here/);
    const { status: modelled } = interdom(
      ...['run', 'stream', '-t', 'libvchan', '--profile', 'here.json', '-o', 'model.json', '-q'],
    );
    assert.equal(modelled, 0);
  });

  it('validate --testbed live sets the model beside it', () => {
    const words = ['validate', '--testbed', 'live', '-t', 'libvchan', '--message-size', '16k'];
    const { status, stdout, stderr } = interdom(...words);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /libvchan +16384 +65536 .*(yes|no: .* a message)/s);
  });
});
