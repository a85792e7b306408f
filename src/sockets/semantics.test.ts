import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SOCKET_TRANSPORTS, sampleDomains, sampleMachine } from './sample-domains.js';
import { SEMANTICS, semanticsTable } from './semantics.js';

for (const transport of SOCKET_TRANSPORTS) {
  describe(`a socket over ${transport}`, () => {
    for (const row of SEMANTICS) {
      it(`${row.situation}: ${row.here}`, async () => {
        const [here, there] = await sampleDomains(sampleMachine(transport));
        try {
          await row.show({ here, there });
        } finally {
          here.close();
          there.close();
        }
      });
    }
  });
}

it('docs/sockets.md has the table of these rows', () => {
  const file = new URL('../../../docs/sockets.md', import.meta.url);
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(semanticsTable()), 'node scripts/socket-table.mjs writes it');
});
