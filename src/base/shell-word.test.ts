import assert from 'node:assert/strict';
import { it } from 'node:test';
import { shellWord } from './shell-word.js';

it('a word for a shell is quoted where it must be', () => {
  assert.equal(shellWord('results/runs/a-1.ndjson'), 'results/runs/a-1.ndjson');
  assert.equal(shellWord('relay=interdom,x@y:1+2%'), 'relay=interdom,x@y:1+2%');
  assert.equal(shellWord('my runs/a.ndjson'), "'my runs/a.ndjson'");
  assert.equal(shellWord("it's"), "'it'\\''s'");
  assert.equal(shellWord('$HOME;*'), "'$HOME;*'");
  assert.equal(shellWord(''), "''");
});
