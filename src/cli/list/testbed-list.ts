import { TESTBEDS } from '../testbeds.js';
import type { Listing } from './list-things.js';

export function listTestbeds(): Listing {
  return {
    items: TESTBEDS.map(({ name, summary, parallel }) => ({ name, summary, parallel })),
    header: ['testbed', 'summary'],
    rows: TESTBEDS.map(({ name, summary }) => [name, summary]),
  };
}
