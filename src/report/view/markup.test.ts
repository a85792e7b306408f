import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './markup.js';
import { reproduceCommand } from './reproduce-command.js';

test('whatever is put into a template is text', () => {
  const evil = `<img src=x onerror='a()' title="b">&amp;`;
  assert.equal(
    html`<p title="${evil}">${evil}</p>`.text,
    '<p title="&lt;img src=x onerror=&#39;a()&#39; title=&quot;b&quot;&gt;&amp;amp;">&lt;img src=x onerror=&#39;a()&#39; title=&quot;b&quot;&gt;&amp;amp;</p>',
  );
});

test('markup goes in as it is, lists of it too, and what is missing is nothing', () => {
  assert.equal(
    html`<ul>${[html`<li>${1}</li>`, undefined]}</ul>${undefined}`.text,
    '<ul><li>1</li></ul>',
  );
});

test('a command is safe to paste, whatever the parameters hold', () => {
  const command = reproduceCommand({
    id: '',
    run: 0,
    testbed: 'model',
    profile: '$(rm -rf ~)',
    transport: 'v4v',
    scenario: 'stream',
    scenarioVersion: 1,
    parameters: { ringSizeBytes: 4096, "it's": '`x`', seed: 1 },
    effective: {},
    verdict: 'valid',
    metrics: {},
  });
  assert.equal(
    command,
    `npx interdom run stream --testbed model --profile '$(rm -rf ~)' --transport v4v --ring-size 4096 --seed 1 --set 'it'\\''s=\`x\`'`,
  );
});
