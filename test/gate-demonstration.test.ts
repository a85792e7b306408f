import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { temporaryFolder } from './cli/spawn-program.js';
import { type Demonstrated, demonstrate, PAGES } from './gate/demonstration.js';

const page = PAGES.map((name) =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'),
).join('\n');

describe('the demonstrations of the README and of docs/gate.md', () => {
  const folder = temporaryFolder();
  let done: readonly Demonstrated[] = [];
  before(async () => {
    done = await demonstrate(page, folder);
  });
  const named = (name: string): Demonstrated => {
    const found = done.find((one) => one.name === name);
    assert.ok(found, name);
    return found;
  };

  it('end as the page says', () => {
    assert.equal(done.length, 2);
    for (const { name, promised, code, output } of done) {
      assert.equal(code, promised, `${name}: ${output}`);
      assert.match(output, /^regressed: /);
    }
  });

  it('name the price that was changed, as a change and as the main cause', () => {
    const { output } = named('price');
    assert.match(output, /^ {2}skylake-2017: price vmexit 676 -> 710 cycles \(\+16\.2 ns\)$/m);
    const causes = output.slice(output.indexOf('Main causes')).split('\n').slice(3);
    assert.match(causes[0] ?? '', /price vmexit 676 -> 710 cycles/);
    assert.match(output, /because: price vmexit .* VMEXITs a message: \+/);
  });

  it('name the hypercall that was added, and change nothing of the profile', () => {
    const { output } = named('hypercall');
    const causes = output.slice(output.indexOf('Main causes')).split('\n').slice(3);
    assert.match(causes[0] ?? '', /\+[\d.]+ hypercalls a message: evtchn_send/);
    assert.match(output, /regressed {2}hypercallsPerMessage/);
    assert.doesNotMatch(output, /has changed:/);
  });

  it('look in the pages as they do now, but for figures', () => {
    for (const { name, output } of done) {
      const shown = new RegExp(
        `demonstration: ${name} [\\s\\S]*?\`\`\`text\\n([\\s\\S]*?)\`\`\``,
      ).exec(page)?.[1];
      const first = (text: string): string => text.split(' ')[0] ?? '';
      assert.equal(
        first(shown ?? ''),
        first(output),
        'write them anew: node scripts/gate-demonstration.mjs',
      );
    }
  });
});
