import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Interruption } from './interruption.js';

describe('interruption', () => {
  it('catches the first signal and leaves the second to end the program', () => {
    const before = process.listenerCount('SIGINT');
    let told = 0;
    const interruption = new Interruption(() => {
      told++;
    });
    assert.equal(interruption.exitCode, undefined);
    process.emit('SIGINT', 'SIGINT');
    assert.equal(told, 1);
    assert.equal(interruption.signal.aborted, true);
    assert.equal(interruption.exitCode, 130);
    assert.equal(process.listenerCount('SIGINT'), before);
    assert.equal(process.listenerCount('SIGTERM'), before);
  });

  it('tells a polite kill apart', () => {
    const interruption = new Interruption(() => {});
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(interruption.exitCode, 143);
  });

  it('catches nothing any more when it is disposed of', () => {
    const before = process.listenerCount('SIGINT');
    new Interruption(() => {}).dispose();
    assert.equal(process.listenerCount('SIGINT'), before);
  });
});
