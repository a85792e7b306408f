import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { startPair } from '../src/scenario/pair.js';
import { roundTrips } from '../src/scenario/round-trips.js';

/**
 * "All the communications from a domain (even dom0) to another domain": dom0 itself, a PV domain with all its services,
 * is one end, a guest of either type the other. They exchange requests and answers, each checked.
 */
export const dom0Peer: Scenario = {
  name: 'dom0-peer',
  summary: 'round trips between dom0 itself and a guest, either of them serving',
  version: 1,
  settings: {
    dom0: { default: 'server', meaning: 'which end is dom0', choices: ['server', 'client'] },
  },
  metrics: [],
  protocolDetermined: ['hypercallsPerMessage', 'eventsPerMessage', 'copiedBytesPerByte'],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64, 1024],
        guestType: ['pv:pvh', 'pv'],
        settings: { dom0: ['server'] },
      },
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64, 1024],
        guestType: ['pvh:pv', 'pv'],
        settings: { dom0: ['client'] },
      },
    ],
  },
  messages: () => 1000,
  topology: ({ guestTypes, settings }) => ({
    guests: [{ name: 'guest', type: guestTypes[settings['dom0'] === 'server' ? 1 : 0] }],
    limits: 'default',
  }),
  skipReason(driver, parameters) {
    const { guestTypes, settings } = parameters;
    const type = guestTypes[settings['dom0'] === 'server' ? 0 : 1];
    return type === 'pv'
      ? messageTooLarge(driver, parameters)
      : 'dom0 is a PV domain (give --suite failure, or --guest-type pv:pvh where it serves, pvh:pv where it connects)';
  },
  start(world) {
    const { dom0, parameters } = world;
    const guest = world.guest(0);
    world.includeDom0();
    startPair(
      world,
      roundTrips(world),
      parameters.settings['dom0'] === 'server' ? [dom0, guest] : [guest, dom0],
    );
  },
};
