import { formatBytes } from '../../base/units.js';
import type { Scenario, Sweep } from '../../scenario/contract.js';
import { CATALOGUE } from '../catalogue.js';
import { textTable } from '../text-table.js';
import type { Listing } from './list-things.js';
import { settingTable } from './setting-table.js';

export function listScenarios(): Listing {
  const items = CATALOGUE.scenarios.map((scenario) => ({
    name: scenario.name,
    summary: scenario.summary,
    version: scenario.version,
    settings: scenario.settings,
    metrics: scenario.metrics,
    protocolDetermined: scenario.protocolDetermined,
    sweeps: scenario.sweeps,
  }));
  return {
    items,
    header: ['scenario', 'suites', 'settings (--set)', 'summary'],
    rows: CATALOGUE.scenarios.map((scenario) => [
      scenario.name,
      suites(scenario).join(', '),
      Object.keys(scenario.settings).join(', ') || '-',
      scenario.summary,
    ]),
    detail: (name, width) => {
      const scenario = CATALOGUE.scenarios.find((one) => one.name === name);
      return scenario === undefined ? '' : detail(scenario, width);
    },
  };
}

function suites(scenario: Scenario): readonly string[] {
  return Object.entries(scenario.sweeps).flatMap(([suite, sweeps]) =>
    sweeps.length > 0 ? [suite] : [],
  );
}

function detail(scenario: Scenario, width: number): string {
  const parts = [`${scenario.name}: ${scenario.summary}\n`];
  if (Object.keys(scenario.settings).length > 0) {
    parts.push(settingTable(scenario.settings, width));
  }
  if (scenario.metrics.length > 0) {
    const metrics = scenario.metrics.map(({ name, unit, better, meaning }) => [
      name,
      unit,
      better,
      meaning,
    ]);
    parts.push(textTable(['metric of its own', 'unit', 'better', 'meaning'], metrics, width));
  }
  const sweeps = Object.entries(scenario.sweeps).flatMap(([suite, list]) =>
    list.map((sweep) => [suite, sweepText(sweep)]),
  );
  parts.push(textTable(['suite', 'sweep'], sweeps, width));
  return parts.join('\n');
}

function sweepText(sweep: Sweep): string {
  const { settings, ...lists } = sweep;
  const parts = Object.entries(lists).map(([name, values]) => {
    const texts = (values as readonly (string | number)[]).map((value) =>
      name.endsWith('Bytes') ? formatBytes(Number(value)) : String(value),
    );
    return `${name}: ${texts.join(', ')}`;
  });
  for (const [name, values] of Object.entries(settings ?? {})) {
    parts.push(`${name}: ${values.join(', ')}`);
  }
  return parts.join('; ');
}
