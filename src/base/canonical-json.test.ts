import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('orders keys by code units at every depth, and leaves arrays alone', () => {
    const value = { b: [{ z: 1, a: 2 }, 3], a: { é: 1, e: 2, Z: 3 }, '10': 1, '9': 2 };
    const text = canonicalJson(value);
    assert.deepEqual(JSON.parse(text), value);
    assert.ok(text.endsWith('"a":{"Z":3,"e":2,"é":1},"b":[{"a":2,"z":1},3]}'), text);
  });

  it('gives equal bytes for equal values', () => {
    assert.equal(canonicalJson({ x: 1, y: [] }), canonicalJson({ y: [], x: 1 }));
    assert.equal(canonicalJson({ x: 1, gone: undefined }), canonicalJson({ x: 1 }));
  });

  it('indents where asked', () => {
    assert.equal(canonicalJson({ a: 1 }, 2), '{\n  "a": 1\n}');
  });

  it('takes a key named __proto__ for a key', () => {
    assert.equal(canonicalJson(JSON.parse('{"__proto__":{"a":1}}')), '{"__proto__":{"a":1}}');
  });

  it('refuses what JSON cannot say, and names the place', () => {
    for (const [value, message] of [
      [{ a: [1, Number.NaN] }, '$.a[1] is NaN'],
      [{ a: Number.POSITIVE_INFINITY }, '$.a is Infinity'],
      [{ a: { b: () => 1 } }, '$.a.b is a function'],
      [[undefined], '$[0] is a undefined'],
      [10n, '$ is a bigint'],
    ] as const) {
      assert.throws(
        () => canonicalJson(value),
        (error: Error) => error instanceof TypeError && error.message.startsWith(message),
      );
    }
  });
});
