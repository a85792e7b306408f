import type { BatchTestbed, PlanningRules } from '../../testbed/contract.js';
import { emulatedXen, xenOfHost } from '../../testbed/xen/batch-testbed.js';
import { EMULATED_RULES, HOST_RULES } from '../../testbed/xen/planning.js';
import type { Place, TestbedSettings } from '../testbeds.js';
import { xenFolders } from './folders.js';
import { xenTestbedOptions } from './xen-options.js';

/** The rules by which cells are planned for real Xen: of an emulated machine, or of this very host. */
export function xenRules(settings: TestbedSettings): PlanningRules {
  return settings['on'] === 'host' ? HOST_RULES : EMULATED_RULES;
}

/** Real Xen as the settings of a run say. */
export function openXen(settings: TestbedSettings, place: Place): BatchTestbed {
  const folders = xenFolders(place.options.text('xen-cache'), place.environment);
  if (settings['on'] === 'host') return xenOfHost(folders);
  return emulatedXen({ ...folders, ...xenTestbedOptions(settings), machines: place.jobs });
}
