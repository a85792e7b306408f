import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { dataHeader, endHeader, FrameReader } from './frames.js';

describe('frames', () => {
  it('come out as they went in, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
        (payloads, cuts) => {
          const parts = payloads.flatMap((bytes) => [dataHeader(bytes.length), Buffer.from(bytes)]);
          const wire = Buffer.concat([...parts, endHeader()]);
          const heard: Buffer[] = [];
          let ends = 0;
          const reader = new FrameReader();
          for (let at = 0, i = 0; at < wire.length; i++) {
            const step = cuts[i % cuts.length] as number;
            reader.take(wire.subarray(at, at + step), {
              data: (bytes) => {
                assert.equal(ends, 0);
                heard.push(bytes);
              },
              end: () => ends++,
            });
            at += step;
          }
          assert.equal(ends, 1);
          assert.ok(Buffer.concat(heard).equals(Buffer.concat(payloads)));
        },
      ),
      runs(100),
    );
  });

  it('of an unknown kind are an error of the peer', () => {
    const wire = Buffer.from([0, 0, 0, 9]);
    const sink = { data: () => {}, end: () => {} };
    assert.throws(() => new FrameReader().take(wire, sink), /kind 9/);
  });
});
