import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sequenceSvg } from '../../report/sequence/sequence-svg.js';
import { sequenceText } from '../../report/sequence/sequence-text.js';
import type { CellPlan } from '../../testbed/contract.js';
import { traceConnect, traceMessage } from '../../testbed/model/trace-cell.js';
import type { XenStep } from '../../testbed/xen/counting/trace-steps.js';
import { CATALOGUE } from '../catalogue.js';
import { partingTimes, partOf } from './beside-xen.js';
import { modelDiagram } from './model-diagram.js';
import { aligned, commonOfModel, commonOfXen, typicalRoundTrip } from './shared-steps.js';
import { sideBySide } from './side-by-side.js';

/** The emulated CPU has round prices that nobody tunes: golden texts change only when the machine does something else. */
function plan(
  transport: string,
  scenario: string,
  parameters: Partial<CellPlan['parameters']> = {},
): CellPlan {
  const find = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
    const found = all.find((one) => one.name === name);
    assert.ok(found !== undefined, name);
    return found;
  };
  const chosen = find(CATALOGUE.scenarios, scenario);
  return {
    profile: find(CATALOGUE.profiles, 'qemu-svm'),
    transport: find(CATALOGUE.transports, transport),
    scenario: chosen,
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 64,
      messages: 100,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'shared',
      seed: 1,
      settings: Object.fromEntries(
        Object.entries(chosen.settings).map(([name, setting]) => [name, setting.default]),
      ),
      ...parameters,
    },
    transportOptions: {},
  };
}

/** The text without its times: what happens, and in which order. */
function picture(transport: string, scenario: string, parameters = {}): string {
  const trace = traceMessage(plan(transport, scenario, parameters));
  const text = sequenceText(modelDiagram(trace, trace.window, '', false));
  return text
    .split('\n')
    .slice(4)
    .map((line) => line.replace(/^ *\d+\.\d\d {2}/, '').trimEnd())
    .join('\n')
    .trimEnd();
}

describe('a round trip, as the model makes it', () => {
  it('through libvchan: an event each way, and each side sleeps once', () => {
    assert.equal(
      picture('libvchan', 'ping-pong'),
      `
┃ publishes 64 B    │                   │
┃── evtchn_send ───▶│                   │
┃                   │ event for dom1    │
┃                   │ wakes dom1        │
┃── HLT ───────────▶│                   │
┃                   │ dom2 sleeps       │
│                   │ switches to dom1  ┃
│                   │── upcall ────────▶┃
│                   │◀─ EOI ────────────┃
│                   │◀─ #NM ────────────┃
│                   │                   ┃ consumes 64 B
│                   │                   ┃ publishes 64 B
│                   │◀─ evtchn_send ────┃
│                   │ event for dom2    ┃
│                   │ wakes dom2        ┃
│                   │◀─ HLT ────────────┃
│                   │ dom1 sleeps       ┃
┃                   │ switches to dom2  │
┃◀─ upcall ─────────│                   │
┃── EOI ───────────▶│                   │
┃── #NM ───────────▶│                   │
┃ consumes 64 B     │                   │
`.trim(),
    );
  });

  it('through V4V: a hypercall that copies, and a VIRQ', () => {
    assert.match(
      picture('v4v', 'ping-pong', { ringSizeBytes: 4032 }),
      /^┃── argo_sendv ────▶│ +│\n┃ publishes 64 B +│ +│\n┃ +│ VIRQ 11 for dom1 +│\n┃ +│ wakes dom1/,
    );
  });

  it('of PV guests: system calls and the kernel pass through Xen', () => {
    const text = picture('libvchan', 'ping-pong', { guestTypes: ['pv', 'pv'] });
    for (const step of ['system call', 'set_segment_base (3 times)', 'sched_block', 'iret']) {
      assert.ok(text.includes(step), step);
    }
    assert.ok(!text.includes('HLT'));
  });
});

describe('a stream', () => {
  it('is shown for one turn of the ring, what repeats taken together', () => {
    const text = picture('libvchan', 'message-rate', { messageSizeBytes: 1024 });
    assert.match(text, /publishes 1 KiB \(3 times\)/);
    assert.match(text, /consumes 1 KiB \(3 times\)/);
    assert.equal(text.match(/evtchn_send/g)?.length, 2);
  });

  it('of three steps that come again and again names them once', () => {
    const text = picture('v4v', 'message-rate', { ringSizeBytes: 4032 });
    assert.match(text, /⋮ these 3 steps \d+ times more/);
  });

  it('whose grants are mapped for each transfer shows maps, unmaps and flushes', () => {
    const text = picture('v2v', 'grant-mode', {
      ringSizeBytes: 16_384,
      messageSizeBytes: 4096,
      grantMode: 'per-transfer',
    });
    for (const step of ['maps a page of dom2', 'unmaps a page', 'flushes the TLB for dom1']) {
      assert.ok(text.includes(step), step);
    }
  });
});

describe('a connection', () => {
  it('of libvchan goes through xenstore, of V4V past it', () => {
    const kinds = (transport: string): ReadonlySet<string> =>
      new Set(traceConnect(plan(transport, 'ping-pong')).steps.map(({ kind }) => kind));
    assert.ok(kinds('libvchan').has('xenstore'));
    assert.ok(kinds('libvchan').has('grant-map'));
    assert.ok(!kinds('v4v').has('xenstore'));
    assert.ok(!kinds('v4v').has('grant-map'));
  });

  it('names each request of xenstore, and a connection through the broker those of dom0', () => {
    const text = (transport: string): string =>
      sequenceText(modelDiagram(traceConnect(plan(transport, 'ping-pong')), '', '', false));
    assert.match(
      text('libvchan'),
      /┃── xenstore: read \/local\/domain\/1\/data\/vchan\/1-2\/ring-ref ─+▶│/,
    );
    assert.match(text('v2v'), /│ xenstore: begin transaction$/m);
    assert.match(text('v2v'), /│ xenstore: set permissions \/v2v\/1-1-2\/listener$/m);
    assert.match(text('v2v'), /┃── xenstore: write \/v2v\/1-1-2\/connector\/state ─/);
    assert.match(text('v2v'), /┃◀─ xenstore: watch fires: \/v2v\/1-1-2\/listener\/state ─/);
  });

  it("leaves dom0's own entries out unless they are asked for", () => {
    const trace = traceConnect(plan('libvchan', 'ping-pong'));
    const lines = (details: boolean): number =>
      sequenceText(modelDiagram(trace, '', '', details)).split('\n').length;
    assert.ok(lines(true) > lines(false));
    assert.doesNotMatch(sequenceText(modelDiagram(trace, '', '', false)), /stack_switch/);
  });
});

describe('the picture', () => {
  it('stands by itself, and says the same in words', () => {
    const trace = traceMessage(plan('libvchan', 'ping-pong'));
    const svg = sequenceSvg(modelDiagram(trace, 'a <title> & more', '', false));
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, /<title id="t">a &lt;title&gt; &amp; more<\/title>/);
    assert.match(svg, /<desc id="s">0\.00 us, dom2: publishes 64 B; /);
    assert.doesNotMatch(svg, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    assert.equal(svg.match(/class="arrow"/g)?.length, 10);
  });
});

describe('model and real Xen side by side', () => {
  const step = (kind: XenStep['kind'], what: string, domid = 2, atNs = 0): XenStep => ({
    atNs,
    pcpu: 0,
    domid,
    kind,
    what,
  });
  /** A round trip as xentrace has it, with what the model does not have. */
  const real: readonly XenStep[] = [
    step('exit', 'hypercall'),
    step('hypercall', 'event_channel_op'),
    step('wake', 'dom1'),
    step('entry', ''),
    step('exit', 'hlt'),
    step('block', 'dom2'),
    step('runs', 'dom1', 1),
    step('exit', 'eoi', 1),
    step('exit', 'external-interrupt', 1),
    step('hypercall', 'vcpu_op', 1),
    step('exit', 'nm', 1),
    step('hypercall', 'event_channel_op', 1),
    step('wake', 'dom2', 1),
    step('exit', 'hlt', 1),
    step('wake', 'dom0', 1),
    step('runs', 'dom0', 0),
    step('hypercall', 'iret', 0),
    step('block', 'dom1', 1),
    step('runs', 'dom2'),
    step('exit', 'eoi'),
    step('exit', 'nm'),
  ];
  const traced = traceMessage(plan('libvchan', 'ping-pong'));
  const model = commonOfModel(traced.steps);

  it('meet step by step where they do the same: timers and dom0 are nobody’s message', () => {
    const both = aligned(model, commonOfXen(real));
    assert.equal(both.divergesAt, undefined);
    assert.equal(both.lines.length, 14);
    assert.match(sideBySide('t', 's', both), /do the same 14 steps in the same order/);
  });

  it('show of real Xen what belongs to the round trip, from time 0', () => {
    const steps = real.map((one, i) => ({ ...one, atNs: 100 * i }));
    const trip = commonOfXen(steps).slice(1, 4);
    const part = partOf({ steps, cutShort: true, lengthNs: 9999 }, trip);
    assert.equal(part.steps[0]?.atNs, 0);
    assert.equal(part.lengthNs, (trip[2]?.atNs ?? 0) - (trip[0]?.atNs ?? 0));
    assert.ok(part.steps.every(({ atNs }) => atNs <= part.lengthNs));
  });

  it('take of several round trips one that goes as most do, be it not the shortest', () => {
    const usual = commonOfXen(real);
    const shorter = usual.filter(({ name }) => name !== 'wakes dom1');
    const cutOff = usual.slice(0, 3);
    const names = (trip: readonly { readonly name: string }[]) => trip.map(({ name }) => name);
    assert.deepEqual(
      names(typicalRoundTrip([...shorter, ...usual, ...usual, ...cutOff])),
      names(usual),
    );
    assert.deepEqual(names(typicalRoundTrip([...usual, ...shorter, ...cutOff])), names(shorter));
  });

  it('part where one does more, and meet again behind it', () => {
    const without = real.filter(({ what, domid }) => what !== 'nm' || domid !== 1);
    const both = aligned(model, commonOfXen(without));
    assert.equal(both.lines[both.divergesAt ?? -1]?.model?.name, 'dom1 #NM');
    assert.equal(both.lines.length, 14);
    const at = partingTimes(both).model;
    const picture = sequenceSvg(modelDiagram(traced, '', '', false, at));
    assert.equal(picture.match(/here model and real Xen part/g)?.length, 1);
    const text = sideBySide('t', 's', both);
    assert.match(text, /here they part/);
    assert.match(text, /part at step 7; 13 of 14 steps are the same/);
  });
});
