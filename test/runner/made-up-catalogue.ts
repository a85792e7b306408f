import type { Settings } from '../../src/base/setting.js';
import { PROFILES } from '../../src/profiles/index.js';
import type { Catalogue, RunRequest } from '../../src/runner/request.js';
import type { Scenario } from '../../src/scenario/contract.js';
import type { TransportDriver } from '../../src/transport/contract.js';

/** FIXTURE: transports and scenarios that plan, and never run. */

/** A transport with rings up to some size, and options of its own. */
export function madeUpTransport(
  name: string,
  { largestRing = 65536, settings = {} as Settings } = {},
): TransportDriver {
  const refuse = (): never => {
    throw new Error('this transport is for planning only');
  };
  return {
    name,
    capabilities: {
      summary: 'made up',
      framing: 'both',
      dataPath: 'none',
      usesXenstore: false,
      usesBroker: false,
      grantModes: ['persistent'],
      sharedFields: [],
      comparable: true,
    },
    settings,
    ringSize: (requested) =>
      requested > largestRing
        ? { refused: `${name} has rings up to ${largestRing}` }
        : { bytes: requested },
    largestMessage: (effective) => effective,
    listen: refuse,
    connect: refuse,
  };
}

/** A scenario with two settings, in both suites. */
export function madeUpScenario(name: string, rest: Partial<Scenario> = {}): Scenario {
  return {
    name,
    summary: 'made up',
    version: 1,
    settings: {
      width: { default: 64, meaning: 'bits', range: [8, 512] },
      kind: { default: 'plain', meaning: 'which', choices: ['plain', 'fancy'] },
      loud: { default: false, meaning: 'noise' },
    },
    metrics: [],
    protocolDetermined: [],
    sweeps: {
      quick: [{ ringSizeBytes: [4096, 65536], messageSizeBytes: [1024] }],
      full: [{ ringSizeBytes: [4096], settings: { width: [8, 64] } }],
    },
    messages: ({ messageSizeBytes }) => 1_048_576 / messageSizeBytes,
    topology: () => ({ guests: [], limits: 'default' }),
    start: () => {},
    ...rest,
  };
}

export const MADE_UP: Catalogue = {
  transports: [
    madeUpTransport('alpha', {
      settings: { tint: { default: 'red', meaning: 'colour', choices: ['red', 'blue'] } },
    }),
    madeUpTransport('beta', { largestRing: 8192 }),
  ],
  scenarios: [madeUpScenario('flow'), madeUpScenario('burst')],
  profiles: PROFILES,
};

/** A request for all of it. */
export function madeUpRequest(rest: Partial<RunRequest> = {}): RunRequest {
  return {
    testbed: 'model',
    transports: ['alpha', 'beta'],
    profiles: ['skylake-2017'],
    scenarios: ['flow'],
    suite: 'quick',
    seed: 1,
    seeds: 1,
    uncertainty: 0,
    set: {},
    ...rest,
  };
}
