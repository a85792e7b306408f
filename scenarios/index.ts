import type { Scenario } from '../src/scenario/contract.js';
import { bareGrants } from './bare-grants.js';
import { bidirectional } from './bidirectional.js';
import { bufferSize } from './buffer-size.js';
import { copyLocality } from './copy-locality.js';
import { dom0Peer } from './dom0-peer.js';
import { brokerOutage } from './failure/broker-outage.js';
import { channelDepletion } from './failure/channel-depletion.js';
import { crashPoint } from './failure/crash-point.js';
import { destroyOrder } from './failure/destroy-order.js';
import { hostilePeer } from './failure/hostile-peer.js';
import { isolation } from './failure/isolation.js';
import { noisyNeighbour } from './failure/noisy-neighbour.js';
import { oneToMany } from './failure/one-to-many.js';
import { reconnect } from './failure/reconnect.js';
import { setupStorm } from './failure/setup-storm.js';
import { suspendResume } from './failure/suspend-resume.js';
import { symmetricCrash } from './failure/symmetric-crash.js';
import { untoldSurvivor } from './failure/untold-survivor.js';
import { fanIn } from './fan-in.js';
import { grantMode } from './grant-mode.js';
import { httpTransfer } from './http-transfer.js';
import { messageRate } from './message-rate.js';
import { paced } from './paced.js';
import { pingPong } from './ping-pong.js';
import { setup } from './setup.js';
import { stream } from './stream.js';

/** The one list of scenarios. A new one is a file and a line here. */
export const scenarios: readonly Scenario[] = [
  bufferSize,
  stream,
  messageRate,
  pingPong,
  paced,
  bidirectional,
  fanIn,
  setup,
  grantMode,
  bareGrants,
  httpTransfer,
  copyLocality,
  dom0Peer,
  brokerOutage,
  symmetricCrash,
  destroyOrder,
  untoldSurvivor,
  reconnect,
  isolation,
  hostilePeer,
  channelDepletion,
  setupStorm,
  oneToMany,
  noisyNeighbour,
  suspendResume,
  crashPoint,
];
