import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { payloadOf } from './kernel.js';

/** The head of a bzImage: one setup sector more than it says, then the payload. */
function makeBzImage(payload: Buffer): Buffer {
  const image = Buffer.alloc(512 * 5 + 64 + payload.length);
  image[0x1f1] = 4;
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt32LE(64, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  payload.copy(image, 512 * 5 + 64);
  return image;
}

describe('payloadOf', () => {
  it('finds the compressed kernel by the header', () => {
    assert.equal(payloadOf(makeBzImage(Buffer.from('kernel')), 'x').toString(), 'kernel');
  });

  it('refuses what is no kernel image or is cut short', () => {
    assert.throws(() => payloadOf(Buffer.alloc(4096), 'x'), /not a Linux kernel image/);
    const image = makeBzImage(Buffer.alloc(1000));
    assert.throws(() => payloadOf(image.subarray(0, 2700), 'x'), /cut short/);
  });
});
