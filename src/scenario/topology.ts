import type { CellParameters, Topology } from './contract.js';

/** Guest 0 receives (or serves), guest 1 sends (or asks). */
export function receiverAndSender(parameters: CellParameters): Topology {
  return {
    guests: [
      { name: 'receiver', type: parameters.guestTypes[0] },
      { name: 'sender', type: parameters.guestTypes[1] },
    ],
    limits: 'default',
  };
}
