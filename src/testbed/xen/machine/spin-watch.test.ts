import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpinJudge } from './spin-watch.js';

const at = (place: string, halted = 0): string =>
  `RAX=ffff888005a2300c RBX=0000000000001f93\r\nRIP=${place} RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=${halted}\r\n`;
const SPIN = 'ffffffff81159637';

/** What the last of these looks says. */
function after(...looks: readonly string[]): string | undefined {
  const judge = new SpinJudge();
  return looks.map((look) => judge.look(look)).at(-1);
}
const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);

describe('a processor that spins', () => {
  it('is seen at one place ten times in a row', () => {
    assert.equal(after(...times(10, at(SPIN))), SPIN);
    assert.equal(after(...times(9, at(SPIN))), undefined);
  });

  it('is none that was elsewhere meanwhile, or that sleeps', () => {
    const [five, elsewhere] = [times(5, at(SPIN)), at('ffff82d040203120')];
    assert.equal(after(...five, elsewhere, ...five), undefined);
    assert.equal(after(...times(20, at(SPIN, 1))), undefined);
    assert.equal(after(...five, at(SPIN, 1), ...five), undefined);
  });

  it('is none of which the emulator says nothing', () => {
    assert.equal(after(...times(20, '')), undefined);
  });
});
