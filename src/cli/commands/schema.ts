import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';

export const schema: Command = {
  name: 'schema',
  summary: 'Prints the JSON Schema of results files',
  options: [],
  async run({ terminal }) {
    const { resultsJsonSchema } = await import('../../results/schema.js');
    await terminal.print(`${JSON.stringify(resultsJsonSchema(), null, 2)}\n`);
    return EXIT.ok;
  },
};
