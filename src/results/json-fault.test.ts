import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { findJsonFault } from './json-fault.js';

const faults: [text: string, line: number, column: number, reason: RegExp, truncated: boolean][] = [
  ['', 1, 1, /the text ends where a value should stand/, true],
  ['{"a": 1', 1, 8, /the text ends where "," or "}" should stand/, true],
  ['{"a": "xy', 1, 10, /the text ends where a string should go on/, true],
  ['{"a": "x\\u00', 1, 13, /the text ends where a string should go on/, true],
  ['{"a": 1.', 1, 9, /the text ends where a number should go on/, true],
  ['{"a": 1e', 1, 9, /the text ends where a number should go on/, true],
  ['[-', 1, 3, /the text ends where a number should go on/, true],
  ['[tru', 1, 5, /the text ends where "true" should go on/, true],
  ['{"a":\n  NaN}', 2, 3, /NaN is not JSON/, false],
  ['[1,\n2,\n-Infinity]', 3, 1, /-Infinity is not JSON/, false],
  ['[1 2]', 1, 4, /"," or "]" should stand/, false],
  ['[1,]', 1, 4, /a value should stand/, false],
  ['{"a" 1}', 1, 6, /":" should stand/, false],
  ['{a: 1}', 1, 2, /a name in quotes/, false],
  ['{"a":1,}', 1, 8, /a name in quotes/, false],
  ['["a\tb"]', 1, 4, /control character/, false],
  ['["\\x"]', 1, 3, /a backslash escapes nothing/, false],
  ['[01]', 1, 3, /"," or "]" should stand/, false],
  ['{}\n{}', 2, 1, /something follows/, false],
];

for (const [text, line, column, reason, truncated] of faults) {
  test(`the fault of ${JSON.stringify(text)} is found`, () => {
    const fault = findJsonFault(text);
    assert.deepEqual([fault?.line, fault?.column, fault?.truncated], [line, column, truncated]);
    assert.match(fault?.reason ?? '', reason);
  });
}

test('a million open brackets do not overflow the stack', () => {
  assert.equal(findJsonFault('['.repeat(1_000_000))?.truncated, true);
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('there is a fault exactly where JSON.parse refuses: whole texts', () => {
  fc.assert(
    fc.property(fc.json(), (text) => assert.equal(findJsonFault(text), undefined)),
    runs(100),
  );
});

test('there is a fault exactly where JSON.parse refuses: texts with one change', () => {
  const change = fc.constantFrom(
    '',
    '"',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '\\',
    '0',
    '-',
    'e',
    '\n',
    'n',
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.nat(2), change, (json, at, removed, inserted) => {
      const start = at % (json.length + 1);
      const text = json.slice(0, start) + inserted + json.slice(start + removed);
      assert.equal(findJsonFault(text) === undefined, parses(text), text);
    }),
    runs(2000),
  );
});

test('a text that was cut off is said to be cut off', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (json, at) => {
      const text = json.slice(0, at % json.length);
      const fault = findJsonFault(text);
      if (parses(text)) assert.equal(fault, undefined);
      else assert.deepEqual([fault?.truncated, fault?.offset], [true, text.length]);
    }),
    runs(1000),
  );
});
