import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPluginOutput } from './plugin-output.js';

const WINDOW = `window 1
instructions xen 20212487
instructions kernel 4399456
instructions user 210986
privileged xen vmrun 1633
privileged kernel hlt 400
function evtchn_send 400
function map_x 3
function map_x 2
stay 592 6806224 evtchn_send+hvm_hypercall
stay 3 1959 -
end
`;

describe('readPluginOutput', () => {
  it('reads all that the plugin counted', () => {
    const [window, ...rest] = readPluginOutput(WINDOW);
    assert.equal(rest.length, 0);
    assert.deepEqual(window, {
      number: 1,
      instructions: { xen: 20212487, kernel: 4399456, user: 210986 },
      privileged: { 'xen vmrun': 1633, 'kernel hlt': 400 },
      functions: { evtchn_send: 400, map_x: 5 },
      stays: {
        'evtchn_send+hvm_hypercall': { count: 592, instructions: 6806224 },
        '-': { count: 3, instructions: 1959 },
      },
    });
  });

  it('leaves a window out that was not written to its end', () => {
    assert.equal(readPluginOutput(`${WINDOW}window 2\ninstructions xen 5\n`).length, 1);
    assert.equal(readPluginOutput('').length, 0);
  });

  it('leaves a line out that was not written to its end, wherever it ends', () => {
    for (let end = 0; end < WINDOW.length; end++) {
      assert.equal(readPluginOutput(`${WINDOW}${WINDOW.slice(0, end)}`).length, 1, `${end}`);
    }
  });

  it('refuses what the plugin cannot have written', () => {
    assert.throws(() => readPluginOutput('function x 1\n'), /outside a window/);
    assert.throws(() => readPluginOutput('window 1\nnonsense\n'), /cannot read/);
    assert.throws(() => readPluginOutput('window 1\nfunction x many\n'), /no count/);
  });
});
