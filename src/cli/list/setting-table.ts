import { type Settings, valuesText } from '../../base/setting.js';
import { textTable } from '../text-table.js';

/** What `--set` can change of a scenario or a transport. */
export function settingTable(settings: Settings, width: number): string {
  const rows = Object.entries(settings).map(([name, setting]) => [
    name,
    String(setting.default),
    valuesText(setting),
    setting.meaning,
  ]);
  return textTable(['setting (--set)', 'default', 'values', 'meaning'], rows, width);
}
