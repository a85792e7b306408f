import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedLine } from './shared-line.js';

describe('SharedLine', () => {
  it('stays with the pCPU that alone uses it', () => {
    const line = new SharedLine();
    assert.equal(line.read(1), false);
    assert.equal(line.write(1), false);
    assert.equal(line.read(1), false);
    assert.equal(line.write(1), false);
  });

  it('moves to a reader once after each write of another', () => {
    const line = new SharedLine();
    line.write(1);
    assert.equal(line.read(2), true);
    assert.equal(line.read(2), false);
    assert.equal(line.read(1), false, 'the writer still has it');
    assert.equal(line.write(1), true, 'the reader must let go');
    assert.equal(line.write(1), false);
    assert.equal(line.read(2), true);
  });

  it('moves to a writer where another wrote or read', () => {
    const line = new SharedLine();
    line.write(1);
    assert.equal(line.write(2), true);
    assert.equal(line.write(2), false);
    assert.equal(line.read(1), true);
    assert.equal(line.write(1), true);
    const read = new SharedLine();
    read.read(1);
    assert.equal(read.write(2), true);
  });
});
