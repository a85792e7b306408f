import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { callProgram } from '../../../test/cli/in-process.js';

const cwd = mkdtempSync(join(tmpdir(), 'interdom-xen-cli-'));
after(() => rmSync(cwd, { recursive: true }));

/** Mistakes that are found before anything is fetched, built or booted. */
describe('commands of real Xen', () => {
  writeFileSync(join(cwd, 'xen.gz'), 'x');
  for (const [words, fault] of [
    ['run --testbed xen --hypervisor absent', /cannot read absent: it does not exist/],
    ['run --testbed xen --hypervisor .', /cannot read \.: it is no file/],
    ['validate --fresh quick --hypervisor absent', /cannot read absent/],
    ['trace --testbed xen --hypervisor absent', /cannot read absent/],
    ['xen prepare --hypervisor absent', /cannot read absent/],
    ['run --testbed xen --hypervisor-symbols xen.gz', /symbols belong to a hypervisor/],
    ['run --testbed xen --on host --hypervisor xen.gz', /a real host runs the hypervisor that/],
    ['run --testbed xen --phases 4', /whole number from 1 to 3/],
    ['run --testbed xen -p skylake-2017', /the testbed xen has no profile "skylake-2017"/],
    ['run setup --testbed xen', /real Xen carries out ping-pong.*use the testbed model/],
    ['run stream --hypervisor xen.gz', /belongs to the testbed xen, and this run is on model/],
    ['xen fetch', /"fetch" is not an action/],
    ['xen prepare now', /"now" is one word too many/],
    ['xen record', /needs to be told the set/],
    ['xen record foo', /"foo" is not a set/],
    ['xen record stock --only pv', /would take the place of all of it/],
    ['xen record stock --only pear -o x.json', /no cell of the set has all of pear/],
  ] as const) {
    it(`interdom ${words}: says what is wrong, and exits with 2`, async () => {
      const { code, stderr } = await callProgram(words.split(' '), { cwd });
      assert.match(stderr, fault);
      assert.equal(code, 2);
    });
  }

  it('say where --on host can be used', async () => {
    const { code, stderr } = await callProgram(['run', '--testbed', 'xen', '--on', 'host'], {
      cwd,
    });
    assert.match(stderr, /this is not the dom0 of a Xen host/);
    assert.equal(code, 2);
  });
});
