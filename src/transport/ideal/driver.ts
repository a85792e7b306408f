import type { Settings } from '../../base/setting.js';
import type { Machine } from '../../xen/machine.js';
import type { Endpoint, TransportDriver } from '../contract.js';
import type { Guest } from '../guest.js';
import { IdealChannel } from './channel.js';
import { type Connection, IdealLinks } from './links.js';
import { IdealListener } from './listener.js';
import { Pipe, type PipeTiming } from './pipe.js';
import type { PollingStyle } from './polling.js';

/**
 * A transport without a hypervisor: no grants, no events, no xenstore, only a queue of bytes in each direction and the
 * time that it is made to take. For testing the harness itself.
 */
export interface IdealTransport {
  readonly name: string;
  readonly summary: string;
  readonly polling: PollingStyle;
  /** Price of a look for data that finds none, in picoseconds, charged as the style of polling says. */
  readonly emptyLookPs: number;
  readonly settings: Settings;
  /** What a message takes on the link, with these settings. */
  timing(options: Endpoint['options']): PipeTiming;
}

const LARGEST_BYTES = 64 * 1024 * 1024;

/** Makes the driver of an ideal transport. */
export function idealDriver(transport: IdealTransport): TransportDriver {
  const { name, polling: style, emptyLookPs } = transport;
  const linksOf = (machine: Machine): IdealLinks =>
    machine.extend(`ideal links of ${name}`, () => new IdealLinks(machine, style));
  const chargeEmptyLook = (guest: Guest): void => {
    if (emptyLookPs > 0) guest.vcpu.pcpu.charge(style.cause, emptyLookPs);
  };
  return {
    name,
    capabilities: {
      summary: transport.summary,
      framing: 'both',
      dataPath: 'none',
      usesXenstore: false,
      usesBroker: false,
      grantModes: ['persistent'],
      sharedFields: [],
      comparable: false,
    },

    settings: transport.settings,

    ringSize: (requestedBytes) =>
      requestedBytes > LARGEST_BYTES
        ? { refused: `the queue of ${name} holds at most ${LARGEST_BYTES} bytes` }
        : { bytes: requestedBytes },

    largestMessage: (effectiveBytes) => effectiveBytes,

    *listen(guest, endpoint) {
      const links = linksOf(guest.machine);
      links.place(endpoint).listening = true;
      return { listener: new IdealListener(guest, endpoint, links, chargeEmptyLook) };
    },

    *connect(guest, endpoint) {
      const links = linksOf(guest.machine);
      const timing = transport.timing(endpoint.options);
      const connection: Connection = {
        fromClient: new Pipe(endpoint.ringSizeBytes, timing),
        fromServer: new Pipe(endpoint.ringSizeBytes, timing),
        accepted: false,
      };
      links.place(endpoint).waiting.set(guest.domid, connection);
      links.polling.changed(guest.vcpu.pcpu.clock);
      yield* links.polling.wait(guest, {
        reason: 'a listener',
        isThere: () => connection.accepted,
        certainPs: () => Number.POSITIVE_INFINITY,
        mayComeEarlier: true,
      });
      const channel = new IdealChannel({
        guest,
        links,
        outgoing: connection.fromClient,
        incoming: connection.fromServer,
        chargeEmptyLook,
      });
      return { channel };
    },

    heldResources: (machine) => {
      const { places, ends } = linksOf(machine).held;
      return { [`${name}: meeting places`]: places, [`${name}: open ends`]: ends };
    },
  };
}
