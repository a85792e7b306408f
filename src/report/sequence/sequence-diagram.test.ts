import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ActStep, type LaneRoom, laneGaps } from './sequence-diagram.js';
import { sequenceText } from './sequence-text.js';

const room: LaneRoom = { least: 10, character: 1, besideArrow: 6, besideNote: 4 };
const diagram = (steps: readonly ActStep[]) => ({
  title: '',
  subtitle: '',
  lanes: ['dom2', 'Xen', 'dom1'].map((name) => ({ name, role: '' })),
  running: [],
  steps,
  notes: [],
});
const arrow = (from: number, to: number, label: string): ActStep => ({
  kind: 'arrow',
  atNs: 0,
  count: 1,
  from,
  to,
  label,
});

describe('the gaps between lanes', () => {
  it('hold the labels of arrows and notes beside them', () => {
    const note: ActStep = { kind: 'note', atNs: 0, count: 1, lane: 2, label: 'x'.repeat(20) };
    assert.deepEqual(laneGaps(diagram([arrow(0, 1, 'x'.repeat(12)), note]), room), [18, 10, 24]);
  });

  it('together hold the label of an arrow over several lanes, in either direction', () => {
    const long = 'x'.repeat(30);
    assert.deepEqual(laneGaps(diagram([arrow(2, 0, long)]), room), [26, 10, 10]);
    const both = [arrow(0, 2, long), arrow(1, 2, 'x'.repeat(22))];
    assert.deepEqual(laneGaps(diagram(both), room), [10, 28, 10]);
    const lines = sequenceText(diagram([arrow(0, 2, long)])).split('\n');
    assert.ok(
      lines.some((line) => line.includes(`│── ${long} `) && line.endsWith('▶│')),
      `${lines}`,
    );
  });
});
