import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import type { DomainSocket } from './domain-socket.js';
import { SOCKET_TRANSPORTS, sampleDomains, sampleMachine } from './sample-domains.js';

for (const transport of SOCKET_TRANSPORTS) {
  it(`to end after the other end has closed in order is no error, over ${transport}`, async () => {
    const [here, there] = await sampleDomains(sampleMachine(transport));
    const errors: Error[] = [];
    let closed = 0;
    const server = there.createServer((socket) => {
      socket.on('error', (error) => errors.push(error)).on('close', () => closed++);
      // It ends when the other has ended.
      socket.pipe(socket);
    });
    server.listen(1);
    await here.whenListening(1);
    const clients: DomainSocket[] = [];
    for (let i = 0; i < 15; i++) {
      const client = here.connect(1);
      await once(client, 'connect');
      client.write('y');
      clients.push(client);
    }
    // All at once, so that the other domain hears that they have let go before it reads what they said.
    for (const client of clients) client.destroy();
    while (closed < clients.length) await new Promise(setImmediate);
    here.close();
    there.close();
    assert.deepEqual(errors, []);
  });
}
