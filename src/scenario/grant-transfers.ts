import { ORDER, type Process } from '../sim/process.js';
import type { Guest } from '../transport/guest.js';
import { mapPages, sharePages, unmapPages } from '../xen/grant-device.js';
import type { CopySegment } from '../xen/grant-table.js';
import { PAGE_SIZE } from '../xen/memory.js';
import { inLoop, touchPayload } from './flows.js';
import { allocateBuffer, Payload } from './payload.js';
import { Gate, type World } from './world.js';

/** Pages that the granting guest offers. */
export const GRANTED_PAGES = 16;
/** Transfers that are not measured: the first ones find cold caches. */
const WARM_UP = 16;

/**
 * Guest 0 grants pages and rests; guest 1 takes a message from them over and over: from pages that it keeps mapped, by
 * mapping and unmapping them each time, or by GNTTABOP_copy. No channel, no events: what grant operations alone cost.
 */
export function startGrantTransfers(world: World): void {
  const grantor = world.guest(0);
  const taker = world.guest(1);
  const payload = new Payload(world.parameters.seed, PAGE_SIZE, GRANTED_PAGES * PAGE_SIZE);
  const granted = new Gate();
  let references: readonly number[] = [];
  world.spawn(grantor, 'grantor', grant());
  world.spawn(taker, 'taker', take());

  function* grant(): Process {
    const region = sharePages(grantor.vcpu, taker.domid, GRANTED_PAGES);
    if (region === undefined) {
      world.fail('the pages could not be granted');
      return;
    }
    grantor.memory.poke(region.address, payload.bytes);
    for (let i = 0; i < GRANTED_PAGES; i++) {
      payload.number(grantor, region.address + i * PAGE_SIZE, i);
    }
    references = region.references;
    world.pagesExposedToPeer = GRANTED_PAGES;
    granted.open(grantor);
  }

  function* take(): Process {
    yield* granted.pass(taker);
    if (references.length === 0) return;
    yield* inLoop(taker, transfers(world, grantor.domid, references, payload));
  }
}

function* transfers(
  world: World,
  grantor: number,
  references: readonly number[],
  payload: Payload,
): Process {
  const taker = world.guest(1);
  const { messages, messageSizeBytes, grantMode } = world.parameters;
  const together = Math.ceil(messageSizeBytes / PAGE_SIZE);
  const local = allocateBuffer(taker, together * PAGE_SIZE);
  const kept = grantMode === 'persistent' ? mapPages(taker.vcpu, grantor, references) : undefined;
  for (let i = -WARM_UP; i < messages; i++) {
    if (i === 0) world.startClock(taker);
    const first = ((i + WARM_UP) * together) % (GRANTED_PAGES - (GRANTED_PAGES % together));
    while (taker.isAhead()) yield ORDER;
    if (kept !== undefined) {
      if (!('address' in kept)) return world.fail(`mapping failed: ${kept.status}`);
      taker.memory.copy(local, kept.address + first * PAGE_SIZE, messageSizeBytes);
    } else {
      const chosen = references.slice(first, first + together);
      const failed =
        grantMode === 'copy'
          ? takeByCopy(taker, grantor, chosen, local, messageSizeBytes)
          : yield* takeByMap(taker, grantor, chosen, local, messageSizeBytes);
      if (failed !== 0) return world.fail(`transfer ${i} failed: ${failed}`);
    }
    touchPayload(taker, messageSizeBytes);
    if (!payload.arrived(taker, local, first * PAGE_SIZE, messageSizeBytes)) {
      return world.fail(`transfer ${i} brought wrong bytes`);
    }
    if (i < 0) continue;
    world.messagesDelivered++;
    world.bytesDelivered += messageSizeBytes;
  }
  world.stop(taker);
  if (kept !== undefined && 'address' in kept) unmapPages(taker.vcpu, kept);
}

/** @returns Xen's status: 0, or why it refused */
function* takeByMap(
  taker: Guest,
  grantor: number,
  references: readonly number[],
  local: number,
  length: number,
): Process<number> {
  const mapped = mapPages(taker.vcpu, grantor, references);
  if (!('address' in mapped)) return mapped.status;
  taker.memory.copy(local, mapped.address, length);
  while (taker.isAhead()) yield ORDER;
  unmapPages(taker.vcpu, mapped);
  return 0;
}

function takeByCopy(
  taker: Guest,
  grantor: number,
  references: readonly number[],
  local: number,
  length: number,
): number {
  const { vcpu, domain } = taker;
  const segments: CopySegment[] = references.map((reference, i) => ({
    reference,
    offset: 0,
    address: local + i * PAGE_SIZE,
    length: Math.min(PAGE_SIZE, length - i * PAGE_SIZE),
  }));
  vcpu.kernel.enterSystemCall();
  const status = domain.grantTable.copy(vcpu, grantor, segments, true);
  vcpu.kernel.leaveSystemCall();
  return status;
}
