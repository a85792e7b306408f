import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../../base/errors.js';
import { pluginFunctions } from './symbols.js';

describe('pluginFunctions', () => {
  it('finds static and specialised functions, and leaves data and cold parts out', () => {
    const map = [
      '0xffff82d040200000 T start',
      'ffff82d04020ac30 T evtchn_send',
      '0xffff82d040210720 t common/grant_table.c#unmap_common.constprop.0',
      '0xffff82d040210999 t common/grant_table.c#gnttab_copy.cold',
      '0xffff82d040211000 t common/grant_table.c#gnttab_copy.part.0',
      '0xffff82d040212000 t common/grant_table.c#gnttab_copy',
      '0xffff82d040300000 d arch/x86/x.c#do_iret',
    ].join('\n');
    assert.deepEqual(pluginFunctions(map, 'x').trim().split('\n'), [
      'ffff82d04020ac30 *evtchn_send',
      'ffff82d040210720 unmap_common',
      'ffff82d040212000 >gnttab_copy',
    ]);
  });

  it('refuses a file that is no map of a hypervisor', () => {
    assert.throws(() => pluginFunctions('0xffff82d040200000 T main', 'x'), UserError);
  });
});
