import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCommandLine } from './command-line.js';
import { COMMANDS } from './commands/index.js';
import { examplesText } from './help-examples.js';

describe('examples in help texts', () => {
  it('stand beside what they do, or above where they are long', () => {
    const examples = [
      ['interdom run', 'all of it, on every computer of the world'],
      ['interdom run stream', 'a part'],
      ['interdom run stream --ring-size 4k --message-size 1k', 'one cell'],
    ] as const;
    assert.equal(
      examplesText(examples, 60),
      [
        'Examples:',
        '  interdom run         all of it, on every computer of the',
        '                       world',
        '  interdom run stream  a part',
        '  interdom run stream --ring-size 4k --message-size 1k',
        '    one cell',
        '',
      ].join('\n'),
    );
  });

  for (const width of [80, 110]) {
    it(`are whole in the help of every command, at ${width} columns`, () => {
      for (const { name, examples = [] } of COMMANDS) {
        const parsed = parseCommandLine([name, '--help'], COMMANDS, '1', width);
        assert.ok('shown' in parsed);
        const lines = parsed.shown.split('\n');
        for (const [command, does] of examples) {
          const at = lines.findIndex((line) => line.startsWith(`  ${command}`));
          assert.ok(at >= 0, `${name}: ${command}`);
          const words = lines.slice(at).join(' ').replace(/ +/g, ' ');
          assert.ok(words.includes(`${command} ${does}`), `${name}: ${does}`);
        }
        const commands: readonly string[] = examples.map(([command]) => `  ${command}`);
        const long = lines.filter((line) => line.length > width && !commands.includes(line));
        assert.deepEqual(long, [], name);
        assert.doesNotMatch(parsed.shown, /\[required\] \[default/);
      }
    });
  }
});
