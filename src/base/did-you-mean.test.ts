import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editDistance, nearest, unknownName } from './did-you-mean.js';

describe('did you mean', () => {
  const known = ['libvchan', 'v4v', 'v2v', 'null', 'analytic'];

  it('counts insertions, deletions, replacements and swaps', () => {
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('abc', 'abc'), 0);
    assert.equal(editDistance('abc', 'acb'), 1);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });

  it('finds slips of the keyboard, beginnings and other capitals', () => {
    assert.equal(nearest('libvcahn', known), 'libvchan');
    assert.equal(nearest('LIBVCHAN', known), 'libvchan');
    assert.equal(nearest('lib', known), 'libvchan');
    assert.equal(nearest('v4', known), 'v4v');
    assert.equal(nearest('--quite', ['--suite', '--quiet']), '--quiet');
    assert.equal(nearest('xquiet', ['yquiet', 'zquiet']), 'yquiet');
  });

  it('guesses nothing where nothing is near', () => {
    assert.equal(nearest('elephant', known), undefined);
    assert.equal(nearest('', known), undefined);
  });

  it('says what, where, the name that was meant and the names there are', () => {
    const error = unknownName('a transport', 'libvcahn', known, '--transport');
    assert.equal(error.message, '"libvcahn" is not a transport');
    assert.equal(error.where, '--transport');
    assert.equal(
      error.remedy,
      'did you mean "libvchan"? there are: libvchan, v4v, v2v, null, analytic',
    );
  });
});
