import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokerOutage } from '../scenarios/failure/broker-outage.js';
import { destroyOrder } from '../scenarios/failure/destroy-order.js';
import { compareOutcomes } from '../src/judge/validation/outcomes.js';
import type { Cell } from '../src/results/types.js';
import type { Scenario } from '../src/scenario/contract.js';
import type {
  FailureRequest,
  FailureScenario,
} from '../src/testbed/xen/failure/failure-request.js';
import { carryOutFailureCells } from '../src/testbed/xen/failure/run-failure-cells.js';
import { equipXen } from '../src/testbed/xen/xen-testbed.js';
import { runCell, transportNamed } from './failure/cell.js';
import { OPTIONS, SKIP } from './real-xen-here.js';

/** Things break on real Xen, some seconds each once a machine is saved, and the model says what becomes of them. */

type Settings = FailureRequest['parameters']['settings'];

function request(
  transport: FailureRequest['transport'],
  scenario: Scenario,
  given: Settings,
): FailureRequest {
  const defaults = Object.entries(scenario.settings).map(([name, one]) => [name, one.default]);
  return {
    transport,
    scenario: scenario.name as FailureScenario,
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 64,
      guestTypes: ['pvh', 'pvh'],
      settings: { ...Object.fromEntries(defaults), ...given },
    },
  };
}

describe('what breaks on real Xen', { skip: SKIP, timeout: 600_000 }, () => {
  it('is what the model says: a zombie of a client that hangs, a connection without a broker', async () => {
    const hung = { order: 'client-hung' };
    const noStore = { service: 'xenstored', when: 'before', downMs: 0 };
    const asked = [
      { scenario: destroyOrder, request: request('libvchan', destroyOrder, hung) },
      { scenario: destroyOrder, request: request('v2v', destroyOrder, { order: 'server-first' }) },
      { scenario: brokerOutage, request: request('v2v', brokerOutage, { when: 'before' }) },
      { scenario: destroyOrder, request: request('v4v', destroyOrder, hung) },
      // Without xenstored nobody can be asked anything: all that dom0 waits for has to end by itself.
      { scenario: brokerOutage, request: request('libvchan', brokerOutage, noStore) },
    ];
    const real = await carryOutFailureCells(
      asked.map((one) => one.request),
      await equipXen(OPTIONS),
      OPTIONS,
    );
    const model: Cell[] = asked.map((one) => {
      const { ringSizeBytes, settings } = one.request.parameters;
      const transport = transportNamed(one.request.transport);
      return runCell(one.scenario, transport, settings, { ringSizeBytes });
    });
    const rows = compareOutcomes(model, real);
    assert.deepEqual(
      rows.map(({ verdict, reason }) => reason ?? verdict),
      [
        'agrees',
        'agrees',
        'agrees',
        rows[3]?.reason, // skipped, since Debian's Xen has no Argo
        'agrees',
      ],
    );
    assert.match(rows[3]?.reason ?? '', /is skipped: .*CONFIG_ARGO=y by --hypervisor FILE/);
    const [zombie, told, outage] = real;
    assert.equal(zombie?.outcome?.['finding'], 'zombie');
    assert.equal(zombie?.metrics['framesStuck']?.value, 3);
    assert.equal(told?.outcome?.['clientTold'], true);
    assert.equal(outage?.outcome?.['newConnection'], 'waits');
    assert.equal(outage?.outcome?.['afterRepair'], 'made');
  });
});
