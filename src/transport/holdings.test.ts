import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdingsOfThreads } from './holdings.js';

describe('what is held where each domain is a thread', () => {
  it('is what each says of its own domain, with the memory of all together', () => {
    const held = holdingsOfThreads([
      { 'machine: frames': 5, 'dom0 dom0: ports': 2, 'dom1 server: grants': 9, 'argo rings': 3 },
      { 'machine: frames': 7, 'dom0 dom0: ports': 9, 'dom1 server: grants': 4, 'argo rings': 3 },
      undefined,
    ]);
    assert.deepEqual(held, {
      'machine: frames': 12,
      'dom0 dom0: ports': 2,
      'dom1 server: grants': 4,
      'argo rings': 3,
    });
  });
});
