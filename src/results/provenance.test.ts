import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginRun,
  describeHost,
  endRun,
  hostClass,
  journalHeader,
  type RunFacts,
} from './provenance.js';
import { sampleResults } from './sample-results.js';
import { parseJournalHeader, parseResults } from './schema.js';

const facts: RunFacts = {
  startedAtMs: Date.UTC(2026, 0, 31, 12, 0, 0, 250),
  command: ['interdom', 'run', 'stream', '--set', "note=it's"],
  version: '0.1.0',
  commit: '0123abcd',
  seed: 1,
  suite: 'quick',
  host: {
    nodeVersion: '20.20.2',
    platform: 'linux',
    arch: 'x64',
    cpuModels: ['  Some   CPU ', 'Some CPU'],
    memoryBytes: 1024,
  },
  profiles: {},
};

test('a run begins incomplete and ends with time and figures', () => {
  const begun = beginRun(facts);
  assert.equal(begun.startedAt, '2026-01-31T12:00:00.250Z');
  assert.equal(begun.finishedAt, begun.startedAt);
  assert.equal(begun.complete, false);
  const ended = endRun(begun, facts.startedAtMs + 1500, true);
  assert.equal(ended.finishedAt, '2026-01-31T12:00:01.750Z');
  assert.equal(ended.complete, true);
  assert.equal(ended.id, begun.id);
  assert.equal('harness' in ended, false);
});

test('a run passes the schema as header and in a results file', () => {
  const run = beginRun(facts);
  const header = journalHeader(run);
  assert.deepEqual(parseJournalHeader(JSON.stringify(header), 'x'), header);
  const text = JSON.stringify({ ...sampleResults(), run });
  assert.deepEqual(parseResults(text, 'x').run, run);
});

test('the command can be pasted back into a shell', () => {
  assert.equal(beginRun(facts).command, "interdom run stream --set 'note=it'\\''s'");
});

test('run ids sort by time, are stable, and tell runs of one second apart', () => {
  const { id } = beginRun(facts);
  assert.match(id, /^20260131T120000Z-quick-[0-9a-f]{8}$/);
  assert.equal(beginRun({ ...facts }).id, id);
  assert.notEqual(beginRun({ ...facts, seed: 2 }).id, id);
  assert.notEqual(beginRun({ ...facts, startedAtMs: facts.startedAtMs + 1 }).id, id);
  assert.notEqual(beginRun({ ...facts, command: ['interdom'] }).id, id);
  assert.match(beginRun({ ...facts, suite: '../x y' }).id, /Z--x-y-/);
  assert.match(beginRun({ ...facts, suite: '' }).id, /Z-run-/);
});

test('a host is described without the padding of its firmware', () => {
  assert.deepEqual(describeHost(facts.host), {
    node: '20.20.2',
    platform: 'linux',
    arch: 'x64',
    cpu: 'Some CPU',
    cores: 2,
    memoryBytes: 1024,
  });
  assert.equal(describeHost({ ...facts.host, cpuModels: [] }).cpu, 'unknown');
});

test('a host class is CPU, system and major version of Node', () => {
  const host = describeHost(facts.host);
  assert.equal(hostClass(host), 'Some CPU x2, linux/x64, node 20');
  assert.equal(hostClass({ ...host, node: 'v20.9.0', memoryBytes: 1 }), hostClass(host));
  assert.notEqual(hostClass({ ...host, node: '22.0.0' }), hostClass(host));
  assert.notEqual(hostClass({ ...host, cores: 4 }), hostClass(host));
});

test('a clock that says no time is a fault of the program', () => {
  assert.throws(() => beginRun({ ...facts, startedAtMs: Number.NaN }), /the clock says no time/);
});
