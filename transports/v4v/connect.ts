import { PS_PER_MS, PS_PER_US } from '../../src/base/units.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type ConnectFailure,
  type ConnectOutcome,
  type Endpoint,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { ESRCH, errnoName } from '../../src/xen/errno.js';
import { DatagramSender } from './datagram.js';
import { Inbox } from './inbox.js';
import { V4vDriver } from './kernel-driver.js';
import { ACK, ACK_WORDS, kindOf, messageType, RST, SYN, SYN_WORDS } from './protocol.js';
import { ReceiveRing } from './receive-ring.js';
import { effectiveRingBytes } from './ring-size.js';
import { v4vSettings } from './settings.js';
import { V4vSocket } from './stream.js';

/** First and longest pause between two attempts while nobody listens. */
const FIRST_RETRY_PS = 10 * PS_PER_US;
const LONGEST_RETRY_PS = PS_PER_MS;

/** connect(): a ring for the answers, a SYN datagram, and the wait for what the listener says. */
export function* connectV4v(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
  const options = v4vSettings(endpoint.options);
  const driver = V4vDriver.of(guest);
  const { kernel } = guest.vcpu;
  kernel.enterSystemCall();
  const failure = driver.start();
  if (failure !== undefined) {
    kernel.leaveSystemCall();
    return failure;
  }
  const bytes = effectiveRingBytes(endpoint.ringSizeBytes);
  const opened = yield* driver.openRing(driver.takePort(), endpoint.serverDomid, bytes);
  kernel.leaveSystemCall();
  if ('failed' in opened) return opened;
  const ring = new ReceiveRing(driver, opened, options.notifyPolicy);
  const sender = new DatagramSender(driver, opened.port, endpoint.serverDomid, endpoint.port);
  const refused =
    (yield* request(guest, driver, sender, bytes, options.connectTimeoutMs)) ??
    (yield* answer(ring, endpoint.serverDomid));
  if (refused !== undefined && 'failed' in refused) {
    sender.discard();
    yield* ring.close();
    return refused;
  }
  const { number, port, ringBytes } = refused as Grant;
  sender.aim(endpoint.serverDomid, port);
  const inbox = new Inbox(driver, ring);
  const socket = new V4vSocket({
    guest,
    driver,
    sender,
    inbox,
    connection: inbox.add(endpoint.serverDomid, port, 0),
    peerNumber: number,
    peerRingBytes: ringBytes,
    coalesceBytes: options.coalesceBytes,
    release: () => ring.close(),
  });
  return { channel: socket };
}

/** What a listener grants: the number of the connection there, and its ring for data. */
interface Grant {
  readonly number: number;
  readonly port: number;
  readonly ringBytes: number;
}

/** Sends the SYN, again and again while nobody listens: Argo has nothing that tells when somebody does. */
function* request(
  guest: Guest,
  driver: V4vDriver,
  sender: DatagramSender,
  ringBytes: number,
  timeoutMs: number,
): Process<ConnectFailure | undefined> {
  const { vcpu } = guest;
  const deadlinePs = vcpu.pcpu.clock + timeoutMs * PS_PER_MS;
  let pausePs = FIRST_RETRY_PS;
  driver.write32(sender.scratch, ringBytes);
  for (;;) {
    const outcome = sender.send(sender.scratch, 4 * SYN_WORDS, messageType(SYN, 0));
    if (outcome >= 0) return undefined;
    if (outcome === AGAIN) {
      yield ORDER;
    } else if (outcome === WOULD_BLOCK) {
      yield* sender.wait('v4v: room for a SYN');
    } else {
      const isHopeless = sender.lastError === -ESRCH || vcpu.pcpu.clock >= deadlinePs;
      if (isHopeless) return { failed: `connection refused (${errnoName(sender.lastError)})` };
      yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + pausePs);
      pausePs = Math.min(2 * pausePs, LONGEST_RETRY_PS);
    }
  }
}

/** Waits for ACK or RST. Only the server can send to this ring: whatever else it sends is dropped. */
function* answer(ring: ReceiveRing, serverDomid: number): Process<Grant | ConnectFailure> {
  const { guest } = ring.driver;
  guest.vcpu.kernel.enterSystemCall();
  let result: Grant | ConnectFailure | undefined;
  while (result === undefined) {
    yield* ring.waitForMessage('v4v: the answer to a SYN');
    while (guest.isAhead()) yield ORDER;
    if (!ring.look()) continue;
    const kind = kindOf(ring.headType);
    if (kind === RST) result = { failed: `connection refused by dom${serverDomid}` };
    else if (kind === ACK && ring.headLength === 4 * ACK_WORDS) result = grantAtHead(ring);
    ring.release();
    while (ring.finishRelease() === AGAIN) yield ORDER;
  }
  guest.vcpu.kernel.leaveSystemCall();
  return result;
}

function grantAtHead(ring: ReceiveRing): Grant {
  return {
    number: ring.headWord(0),
    port: ring.headWord(1),
    ringBytes: effectiveRingBytes(ring.headWord(2)),
  };
}
