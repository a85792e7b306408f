import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { SettingValue } from '../base/setting.js';
import type { Profile } from '../profiles/profile.js';
import { createSharedArea, type SharedArea } from '../testbed/live/shared-area.js';
import type { GuestType } from '../xen/domain.js';

/** The machine on which two domains talk to each other. */
export interface SocketMachine {
  /** Name of the transport. */
  readonly transport: string;
  readonly transportOptions: Readonly<Record<string, SettingValue>>;
  /** Bytes of ring asked for, for each direction of each connection. */
  readonly ringSizeBytes: number;
  readonly profile: Profile;
  /** Prices of privileged operations are paid as delays, or not at all. */
  readonly inject: 'profile' | 'none';
  readonly guestType: GuestType;
  /** Xen's limits on a domain: what xl gives, or high ones. */
  readonly limits: 'default' | 'raised';
  /** Shared memory for the frames of both domains, bytes: taken from the system as it is used. */
  readonly memoryBytes: number;
}

/** A domain's place on the machine: whoever holds it can join as that domain. It can be sent to a worker. */
export interface DomainSeat {
  /** 0 or 1. */
  readonly domain: number;
  readonly machine: SocketMachine;
  readonly area: SharedArea;
  /** To the other domain: for the control plane. To be put into the transfer list. */
  readonly port: MessagePort;
}

/** The two places of a new machine. */
export function createSeats(machine: SocketMachine): readonly [DomainSeat, DomainSeat] {
  const area = createSharedArea(machine.memoryBytes, 2);
  const { port1, port2 } = new MessageChannel();
  return [
    { domain: 0, machine, area, port: port1 },
    { domain: 1, machine, area, port: port2 },
  ];
}
